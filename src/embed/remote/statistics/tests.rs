//! Against answers of a real Triton (tests/data/remote).

use prost::Message as _;

use super::*;

fn capture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/remote/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

fn body(name: &str) -> Vec<u8> {
    let answer = capture(&format!("triton/{name}.response"));
    let at = memchr::memmem::find(&answer, b"\r\n\r\n").unwrap() + 4;
    answer[at..].to_vec()
}

#[test]
fn json_and_grpc_and_metrics_tell_the_same_kind_of_thing() {
    let json = from_json("h", &body("model_stats")).unwrap();
    assert_eq!((json.requests, json.failures), (19, 1));
    assert_eq!((json.images, json.executions), (21, 20));
    assert_eq!(json.queue, Duration::from_nanos(191_740_153));
    let parts = json.queue + json.input + json.compute + json.output;
    assert!(json.whole >= parts, "{json:?}");
    assert_eq!(json.compute, Duration::from_nanos(68_644_453));
    let bytes = capture("triton-grpc/model_statistics.response.pb");
    let grpc = from_message(messages::StatisticsAnswer::decode(&bytes[..]).unwrap());
    assert!(grpc.requests >= 1 && grpc.images >= grpc.executions);
    assert!(grpc.queue > Duration::ZERO && grpc.compute > Duration::ZERO);
    let page = String::from_utf8(body("metrics")).unwrap();
    let metrics = from_metrics(&page, "tiny_embed").unwrap();
    assert!(metrics.requests > 0 && metrics.images >= metrics.executions);
    assert!(metrics.queue > Duration::ZERO && metrics.compute > Duration::ZERO);
    assert!(metrics.whole > metrics.compute);
    assert_eq!(from_metrics(&page, "tiny"), None);
}

#[test]
fn a_measurement_is_the_difference_of_two_readings() {
    let earlier = from_json("h", &body("model_stats")).unwrap();
    let mut later = earlier;
    later.requests += 2;
    later.images += 16;
    later.executions += 4;
    later.queue += Duration::from_millis(6);
    later.compute += Duration::from_millis(8);
    let between = later.since(&earlier);
    assert_eq!((between.requests, between.failures), (2, 0));
    assert_eq!(between.mean_batch(), Some(4.0));
    let [queue, input, compute, output] = between.per_request().unwrap();
    assert_eq!(queue, Duration::from_millis(3));
    assert_eq!(compute, Duration::from_millis(4));
    assert_eq!((input, output), (Duration::ZERO, Duration::ZERO));
    assert_eq!(earlier.since(&earlier), Statistics::default());
    assert_eq!(earlier.since(&earlier).mean_batch(), None);
    assert_eq!(earlier.since(&earlier).per_request(), None);
    // The server was started again.
    assert_eq!(earlier.since(&later), earlier);
}

#[test]
fn a_page_is_read_whatever_else_is_on_it() {
    let page = "# HELP x\nnv_inference_count{version=\"1\",model=\"m\"} 1.2e+01 1700000000\n\
                nv_inference_count{model=\"m\",version=\"2\"} 3\nother 5\nbroken{model=\"m\" 7\n\
                nv_inference_count{model=\"n\"} 100\nnv_inference_queue_duration_us{model=\"m\"} NaN\n";
    let found = from_metrics(page, "m").unwrap();
    assert_eq!((found.images, found.queue), (15, Duration::ZERO));
}
