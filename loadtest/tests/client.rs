//! Single requests: early answers, kept connections, hang-ups, servers that say nothing.

#![allow(clippy::unwrap_used, dead_code)]

mod fake;

use std::sync::atomic::Ordering;
use std::time::Duration;

use fake::{Fake, Manners};
use slipstream_loadtest::client::{Call, Client};
use slipstream_loadtest::images::Image;
use slipstream_loadtest::outcome::{Failure, Outcome, Reply};
use slipstream_loadtest::target::Target;

fn client(url: &str, max_connections: usize) -> Client {
    Client::new(Target::find(url, false).unwrap(), max_connections)
}

fn image(bytes: usize) -> Image {
    Image { bytes: vec![7; bytes].into(), content_type: "image/jpeg".parse().unwrap() }
}

async fn send(client: &Client, image: &Image, patience: Option<Duration>) -> Reply {
    let deadline = Duration::from_secs(20);
    client.send(&Call { image, authorization: None, deadline, bulk: false, patience }).await
}

#[tokio::test]
async fn a_receipt_is_read_and_its_stages_are_known() {
    let fake = Fake::start(Manners { takes: Duration::from_millis(20), ..Manners::default() }).await;
    let reply = send(&client(&fake.url, 4), &image(100_000), None).await;
    assert_eq!(reply.outcome, Outcome::Read);
    assert!(reply.head_after.unwrap() >= Duration::from_millis(20) && reply.ended_after >= reply.head_after.unwrap());
    assert_eq!(reply.stages.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["decode", "detect", "total"]);
}

#[tokio::test]
async fn a_refusal_is_seen_though_the_server_stops_reading() {
    let fake = Fake::start(Manners { room: 0, slams: true, ..Manners::default() }).await;
    let (client, image) = (client(&fake.url, 4), image(8 << 20));
    for n in 0..20 {
        let reply = send(&client, &image, None).await;
        assert_eq!(reply.outcome, Outcome::Refused { retry_after_s: Some(2) }, "request {n}");
    }
    assert_eq!(fake.refused(), 20);
}

#[tokio::test]
async fn a_refusal_that_does_not_say_when_to_come_back_is_told_apart() {
    let fake = Fake::start(Manners { room: 0, refusal: "", ..Manners::default() }).await;
    let reply = send(&client(&fake.url, 4), &image(1_000), None).await;
    assert_eq!(reply.outcome, Outcome::Refused { retry_after_s: None });
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    // Every refusal closes its connection, which a kept one must survive.
    let fake = Fake::start(Manners { drops_every: 2, ..Manners::default() }).await;
    let (client, image) = (client(&fake.url, 4), image(1_000));
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(send(&client, &image, None).await.outcome);
    }
    let lost = Outcome::Failed(Failure::Transport);
    assert_eq!(outcomes, [Outcome::Read, lost, Outcome::Read, lost]);
}

#[tokio::test]
async fn a_client_that_loses_patience_hangs_up_and_the_server_sees_it() {
    let fake = Fake::start(Manners { silent: true, ..Manners::default() }).await;
    let reply = send(&client(&fake.url, 4), &image(1_000), Some(Duration::from_millis(50))).await;
    assert_eq!(reply.outcome, Outcome::Left);
    let seen = async {
        while fake.counts.cancelled.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let fake = Fake::start(Manners { silent: true, ..Manners::default() }).await;
    let client = client(&fake.url, 4).with_grace(Duration::from_millis(50));
    let (image, deadline) = (image(1_000), Duration::from_millis(50));
    let reply = client.send(&Call { image: &image, authorization: None, deadline, bulk: false, patience: None }).await;
    assert_eq!(reply.outcome, Outcome::Failed(Failure::NoAnswer));
    assert!(reply.ended_after >= Duration::from_millis(100));
}

#[tokio::test]
async fn nobody_listening_is_a_failure_to_connect() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(send(&client(&url, 4), &image(10), None).await.outcome, Outcome::Failed(Failure::Connect));
}

#[tokio::test]
async fn a_request_without_a_connection_is_counted_and_not_sent() {
    let fake = Fake::start(Manners { takes: Duration::from_millis(200), ..Manners::default() }).await;
    let (client, image) = (client(&fake.url, 1), image(10));
    let (one, other) = tokio::join!(send(&client, &image, None), send(&client, &image, None));
    assert_eq!((one.outcome, other.outcome), (Outcome::Read, Outcome::Failed(Failure::Unsent)));
    assert_eq!(fake.read(), 1);
}
