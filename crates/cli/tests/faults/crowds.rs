//! Connections that only cost: the sale goes on beside them.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{
    load::Load,
    record::{Record, same_bytes},
    server::{Server, TERMS},
};

/// Files that both processes need besides the connections.
const SPARE: u64 = 500;

/// Lets this process, and those that it starts, open as many files as they may; gives that number.
fn raise_open_files() -> u64 {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    hard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_and_slow_connections_do_not_stop_contributions() {
    let files = raise_open_files();
    let wanted = if files > 10_000 + SPARE {
        10_000
    } else {
        2_000
    };
    assert!(files > wanted + SPARE, "run `ulimit -Hn 20000` first");
    let mut server = Server::embedded();
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let address: SocketAddr = client.url().trim_start_matches("http://").parse().unwrap();
    let mut idle = Vec::new();
    for number in 0..wanted {
        let mut socket = TcpStream::connect(address).unwrap();
        // Every third says nothing; the others begin a head or a body that they do not end.
        let begun: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /v1/offerings HTTP/1.1\r\nhost: x\r\nx-slow: ",
            _ => {
                b"POST /v1/offerings/harbour/contributions HTTP/1.1\r\nhost: x\r\n\
                content-type: application/json\r\ncontent-length: 60000\r\n\r\n{\"investor\":"
            }
        };
        socket.write_all(begun).unwrap();
        idle.push(socket);
    }
    let mut load = Load::start(std::slice::from_ref(&client), "c", 12);
    load.more(200).await;
    let held = load.finish().await;
    assert_eq!(idle.len() as u64, wanted);
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
    same_bytes(&client, &held).await;
    drop(idle);
    let status = server.stop();
    assert!(status.success(), "{status}: {}", server.errors());
}
