//! A web server that is told.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
    thread,
};

use ring::hmac;
use serde_json::Value;

use super::{Post, until};

/// A request that was taken.
#[derive(Clone, Debug)]
struct Taken {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// A web server that answers as it was told to: once each, then well.
pub(super) struct Receiver {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self::answering(&[])
    }

    fn answering(first: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
        };
        let taken = Arc::clone(&receiver.taken);
        thread::spawn(move || {
            let mut answers = first.iter();
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let Some(request) = read(&mut reader) else {
                    continue;
                };
                taken.lock().unwrap().push(request);
                let answer = answers.next().unwrap_or(&"204 No Content\r\n");
                let end = "content-length: 0\r\nconnection: close\r\n\r\n";
                let _ = write!(reader.get_mut(), "HTTP/1.1 {answer}{end}");
            }
        });
        receiver
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// Waits for a notice of a kind.
    pub(super) fn hears(&self, kind: &str) -> Value {
        until(kind, || {
            let taken = self.taken().into_iter();
            let mut notices = taken.map(|one| serde_json::from_str::<Value>(&one.body).unwrap());
            notices.find(|one| one["kind"] == kind)
        })
    }
}

fn read(reader: &mut impl std::io::BufRead) -> Option<Taken> {
    let mut lines = reader.by_ref().lines();
    let first = lines.next()?.ok()?;
    let mut headers = BTreeMap::new();
    for line in lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
    {
        let (name, value) = line.split_once(": ")?;
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Taken {
        path: first.split(' ').nth(1)?.to_owned(),
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn writes(post: &Post, url: &str) {
    let file = post.at("secret");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    post.writes_only(
        "org1",
        &format!(
            "[[channels]]\ngrace = \"0\"\n[[hooks]]\nname = \"web\"\nurl = \"{url}\"\nsecret_file = \"secret\"\n"
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_knows_the_sender_and_gets_what_it_refused_again() {
    let post = Post::new().await;
    let refusals = &[
        "500 Internal Server Error\r\n",
        "302 Found\r\nlocation: /elsewhere\r\n",
    ];
    let receiver = Receiver::answering(refusals);
    writes(&post, &receiver.url("/cmscc?team=a"));
    let agent = post.start("org1");
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    post.becomes("first", "Submitted").await;
    receiver.hears("in-effect");
    let taken = receiver.taken();
    let ids: Vec<&str> = taken
        .iter()
        .map(|one| one.headers["x-cmscc-id"].as_str())
        .collect();
    // in order: what was refused twice came a third time, before what came later
    assert_eq!((ids[0], ids[1]), (ids[1], ids[2]), "{ids:?}");
    let mut later = ids[2..].to_vec();
    later.sort_unstable();
    later.dedup();
    assert_eq!(later.len(), ids.len() - 2, "the others came once: {ids:?}");
    for one in &taken {
        assert_eq!(one.path, "/cmscc?team=a", "another place is not gone to");
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signed = format!("{}.{}", one.headers["x-cmscc-time"], one.body);
        let signature = one.headers["x-cmscc-signature"]
            .strip_prefix("sha256=")
            .unwrap();
        let signature = hex::decode(signature).unwrap();
        assert!(
            hmac::verify(&key, signed.as_bytes(), &signature).is_ok(),
            "{one:?}"
        );
        let body: Value = serde_json::from_str(&one.body).unwrap();
        assert_eq!(body["id"], one.headers["x-cmscc-id"].as_str());
        assert_eq!(body["kind"], one.headers["x-cmscc-event"].as_str());
    }
    let failed = agent.said("a hook was not told; it is tried again");
    let failed: Vec<String> = failed.iter().map(Value::to_string).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(
        failed[0].contains("500 Internal Server Error"),
        "{failed:?}"
    );
    assert!(
        failed[1].contains("another place is not gone to"),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_receiver_outlasts_the_agent() {
    let post = Post::new().await;
    // nobody listens there yet
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    writes(&post, &format!("http://{address}/"));
    let agent = post.start("org1");
    post.proposes("Org1", "first", &["Org1"]).await;
    until("it waits", || {
        let (_, report) = post.try_status("org1")?;
        (report["hooks"]["web"]["failures"].as_u64()? > 0).then_some(())
    });
    drop(agent);
    let receiver = Receiver::new();
    writes(&post, &receiver.url("/"));
    let _agent = post.start("org1");
    let proposed = receiver.hears("proposed");
    assert_eq!(proposed["proposal"]["proposal_id"], "first");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_text_goes_to_this_machine_alone_and_nothing_to_private_addresses_unnamed() {
    let post = Post::new().await;
    for (url, more, why) in [
        (
            "http://192.0.2.1/",
            "",
            "not this machine: only https goes there",
        ),
        ("https://127.0.0.1:1/", "", "a private address: name it"),
        ("https://169.254.169.254/", "", "a private address: name it"),
        (
            "https://127.0.0.1:1/",
            "addresses = [\"127.0.0.0/8\"]\n",
            "is not reached",
        ),
    ] {
        post.writes_only(
            "org1",
            &format!("[[hooks]]\nname = \"web\"\nurl = \"{url}\"\n{more}"),
        );
        let check = post.ask("org1", &["agent", "check", "--test-hooks"]);
        assert_eq!(check.code, 3, "{url}: {check:?}");
        let problem = check.document["hooks"][0]["problem"].as_str().unwrap();
        assert!(problem.contains(why), "{url}: {problem}");
    }
}
