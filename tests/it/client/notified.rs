//! What systemd hears of an agent.

use std::{fs, path::PathBuf, thread};

use super::desk::Desk;
use crate::ops::notified::Notified;

const AGENT: &str = r#"
cmscc devnet up --background
eval "$(cmscc devnet env org1 --user agent)"
WATCHDOG_USEC=150000 NOTIFY_SOCKET=$(cat socket) cmscc agent run &
until [ -e heard ]; do sleep 0.1; done
kill $!
wait $!
"#;

/// Lets the script go on, also where what was heard is not as it should be.
struct Heard(PathBuf);

impl Drop for Heard {
    fn drop(&mut self) {
        let _ = fs::write(&self.0, "");
    }
}

#[test]
fn a_service_manager_hears_that_the_agent_is_ready_moves_and_ends() {
    let desk = Desk::new();
    let mut manager = Notified::new();
    fs::write(desk.at("socket"), manager.path().to_str().unwrap()).unwrap();
    let heard = Heard(desk.at("heard"));
    let hearing = thread::spawn(move || {
        assert_eq!(manager.next(), "READY=1", "before anything else");
        let status = manager.until("STATUS=");
        assert_eq!(status, "STATUS=at work on 1 channels");
        for _ in 0..2 {
            manager.until("WATCHDOG=1");
        }
        drop(heard);
        manager.until("STOPPING=1");
    });
    desk.run(AGENT);
    hearing.join().unwrap();
}
