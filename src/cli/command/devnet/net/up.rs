//! Starts a network, here or in the background, and runs it until it ends.

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    process::{self, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::{
    net::TcpListener,
    runtime::Builder,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::interval,
};

use super::{
    act,
    control::{self, ControlAnswer, ControlOrder, NetStatus, Received},
    folder::{ControlPoint, DevnetFolder},
    town::Town,
};
use crate::cli::{args::UpArgs, output};

/// How long a network may take to be ready.
const STARTING: Duration = Duration::from_secs(120);
/// How often it is looked whether somebody became a member.
const LOOK: Duration = Duration::from_millis(200);
/// What a network in the background says.
const LOG: &str = "devnet.log";

pub(in crate::cli::command::devnet) fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    let folder = DevnetFolder::find(&args.folder)?;
    if control::runs(&folder) {
        bail!(
            "a network runs in `{}` already: end it by `cmscc devnet down`, or name another folder \
             by --dir",
            folder.path.display()
        );
    }
    if args.background {
        return start(args, &folder);
    }
    if !args.detached {
        folder.make()?;
    }
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let done = runtime.block_on(run(args, &folder));
    runtime.shutdown_timeout(Duration::from_secs(1));
    // its keys are of no use any more, and what clients remember is of a channel that is gone
    let removed = folder.remove();
    done?;
    removed.with_context(|| format!("cannot remove `{}`", folder.path.display()))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(args: &UpArgs, folder: &DevnetFolder) -> anyhow::Result<()> {
    // a terminal that closes ends a network in it, but none in the background
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut town = tokio::select! {
        town = Town::build(args, folder.clone()) => town?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    let (orders, mut received) = mpsc::channel(4);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let token = token()?;
    folder.set_control(&ControlPoint {
        address: listener.local_addr()?.to_string(),
        token: token.clone(),
        pid: process::id(),
    })?;
    tokio::spawn(control::listen(listener, token, orders));
    if !args.detached {
        let status = town.status()?;
        output::result(&match args.folder.json {
            true => serde_json::to_string(&status)?,
            false => greeting(args, &status),
        });
    }
    let mut look = interval(LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {
                for news in town.welcome().await? {
                    output::result(&news);
                }
            }
            Some(order) = received.recv() => {
                if obey(&mut town, order).await {
                    break;
                }
            }
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hangup.recv(), if !args.detached => break,
        }
    }
    town.end().await;
    Ok(())
}

/// Does what a command asks; gives whether the network is to end.
async fn obey(town: &mut Town, (order, answer): Received) -> bool {
    let is_last = matches!(order, ControlOrder::Down);
    let done = match order {
        ControlOrder::AddOrg { name } => town.add_org(&name).await,
        ControlOrder::Down => Ok("the network ends".to_owned()),
        ControlOrder::StartPeer { org } => town.start_peer(&org).await,
        ControlOrder::StartServer { org } => town.start_server(&org).await,
        ControlOrder::Status => {
            let status = town.status().map(ControlAnswer::Status);
            let status = status.unwrap_or_else(|error| ControlAnswer::Failed(format!("{error:#}")));
            // nobody may be waiting any more
            let _ = answer.send(status);
            return false;
        }
        ControlOrder::StopPeer { org } => town.stop_peer(&org).await,
        ControlOrder::StopServer { org } => town.stop_server(&org).await,
    };
    let done = match done {
        Ok(text) => ControlAnswer::Done(text),
        Err(error) => ControlAnswer::Failed(format!("{error:#}")),
    };
    let _ = answer.send(done);
    is_last
}

/// Starts another process that runs the network, and waits until it is ready.
#[expect(
    clippy::disallowed_methods,
    reason = "a command waits for another process, within bounds"
)]
fn start(args: &UpArgs, folder: &DevnetFolder) -> anyhow::Result<ExitCode> {
    folder.make()?;
    let log = folder.join(LOG);
    let file = File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;
    let program = env::current_exe().context("cannot find this program")?;
    let mut child = Command::new(program)
        .args(["devnet", "up", "--detached"])
        .arg(format!("--orgs={}", args.orgs))
        .arg(format!("--channels={}", args.channels))
        .arg(format!("--spare={}", args.spare))
        .arg(format!("--chaincode={}", args.chaincode))
        .arg(format!("--port-base={}", args.port_base))
        .arg(format!("--block-time={}", args.block_time))
        .arg(format!("--application-level={}", args.application_level))
        .arg(format!("--peer={}", args.peer))
        .arg("--dir")
        .arg(&folder.path)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        // Ctrl-C in this terminal is not meant for it
        .process_group(0)
        .spawn()
        .context("cannot start the network")?;
    let start = Instant::now();
    while !control::runs(folder) {
        let said = fs::read_to_string(&log).unwrap_or_default();
        if child.try_wait()?.is_some() {
            // it has removed its folder, and the log in it: what it said was read before
            bail!(
                "the network did not start: {}",
                said.trim().trim_start_matches("error: ")
            );
        }
        if start.elapsed() > STARTING {
            child.kill()?;
            bail!("the network was not ready within {} s", STARTING.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
    match control::ask(folder, ControlOrder::Status)? {
        ControlAnswer::Status(status) if args.folder.json => {
            output::result(&serde_json::to_string_pretty(&status)?);
        }
        ControlAnswer::Status(status) => output::result(&greeting(args, &status)),
        ControlAnswer::Done(_) | ControlAnswer::Failed(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// What runs, and what to do next.
fn greeting(args: &UpArgs, status: &NetStatus) -> String {
    let dir = args.folder.dir.as_ref().map_or(String::new(), |_| {
        let quoted = shlex::try_quote(&status.folder);
        format!(" --dir {}", quoted.as_deref().unwrap_or(&status.folder))
    });
    let (place, end) = match args.detached || args.background {
        true => ("Next", format!("cmscc devnet down{dir}")),
        false => ("Next, in another terminal", "Ctrl-C".to_owned()),
    };
    format!(
        "A development network, in memory: all of it is gone when it ends.\n\n{}\n\n{place}:\n  \
         eval \"$(cmscc devnet env{dir} org1)\"\n  cmscc status\n\n{end} ends the network; its \
         folder is {}",
        act::shown(status),
        status.folder
    )
}

/// 32 random bytes, hex.
fn token() -> anyhow::Result<String> {
    let mut token = [0; 32];
    let filled = SystemRandom::new().fill(&mut token);
    filled.map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
    Ok(hex::encode(token))
}
