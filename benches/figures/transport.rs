//! What our own transport costs: its limits, its accounting for each read, its detection of readers that stand still. The same
//! calls of the same server go over it and over plain TLS, one process on each side.

use std::time::Instant;

use serde_json::json;
use tonic::{body::Body, client::GrpcService};

use super::{
    Run,
    bare::{channel, tls_config},
    machine::cpu_seconds,
    pair::Pair,
    plain::{Client, Plain, message, of_length},
    report::Figure,
};

pub async fn run(run: &Run) {
    let (messages, calls) = (run.count(200_000, 40_000), run.count(20_000, 5_000));
    let dir = run.directory();
    let pair = Pair::found(dir.path(), false).await;
    let entries = vec![message(); messages];
    let server = Plain::start(run.directory(), &entries);
    let plain = measure(&server, server.client().await, calls).await;
    drop(server);
    let server = Plain::start_own(dir.path(), &entries);
    let (from, to) = (&pair.publisher, &pair.subscriber);
    let dialled = tls_config(to.credentials(), to.member(), vec![from.member()]);
    let client = Client::over(channel(&server.address, &from.domain, &dialled));
    let own = measure(&server, client, calls).await;
    Figure {
        name: "transport",
        value: own.message_us,
        unit: "µs of CPU for a streamed message of 4.5 KiB, both processes, over our own transport",
        limit: plain.message_us,
        limit_is: "the same over plain tonic with mutual TLS",
        n: messages,
        more: json!({ "messages_per_second": own.messages, "limit_messages_per_second": plain.messages,
                      "call_cpu_us": own.call_us, "limit_call_cpu_us": plain.call_us }),
    }
    .print();
}

struct Cost {
    messages: f64,
    message_us: f64,
    call_us: f64,
}

async fn measure<T>(server: &Plain, mut client: Client<T>, calls: usize) -> Cost
where
    T: GrpcService<Body>,
    T::ResponseBody: hyper::body::Body<Data = prost::bytes::Bytes> + Send + 'static,
    <T::ResponseBody as hyper::body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::Error: std::fmt::Debug,
{
    let cpu = || cpu_seconds("self") + cpu_seconds(&server.pid().to_string());
    client.append(of_length(64)).await;
    let (before, start, mut count) = (cpu(), Instant::now(), 0);
    let mut stream = client.replay().await;
    while stream.message().await.unwrap().is_some() {
        count += 1;
    }
    let messages = f64::from(count) / start.elapsed().as_secs_f64();
    let message_us = (cpu() - before) / f64::from(count) * 1e6;
    let before = cpu();
    for _ in 0..calls {
        client.append(of_length(64)).await;
    }
    Cost { messages, message_us, call_us: (cpu() - before) / calls as f64 * 1e6 }
}
