//! Against answers of real servers (tests/data/remote).

use super::super::CallErrorKind::{
    self, BadAnswer, Busy, Denied, Failed, Refused, TimedOut, TooLarge,
};
use super::*;

fn capture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/remote/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

/// Status and body of an answer as it came through the socket.
fn http(name: &str) -> CallError {
    let answer = capture(&format!("{name}.response"));
    let at = memchr::memmem::find(&answer, b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&answer[..at]).to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let wait = head.split("retry-after: ").nth(1);
    let wait = wait.map(|rest| rest.split("\r\n").next().unwrap().parse().unwrap());
    http_error(
        "http://h:1",
        status,
        wait.map(Duration::from_secs),
        &answer[at..],
    )
}

fn grpc(name: &str) -> CallError {
    let status: Value = serde_json::from_slice(&capture(&format!("{name}.status.json"))).unwrap();
    let number = i32::try_from(status["number"].as_i64().unwrap()).unwrap();
    let details = status["details"].as_str().unwrap();
    grpc_error("grpc://h:1", &tonic::Status::new(number.into(), details))
}

#[test]
fn http_refusals_of_real_servers_mean_what_they_mean() {
    let expected: [(&str, CallErrorKind, &str); 35] = [
        (
            "triton/err_unknown_model",
            Refused,
            "'no_such_model' is not found",
        ),
        ("triton/err_unknown_version_infer", Refused, "version 9"),
        (
            "triton/err_wrong_input_name",
            Refused,
            "unexpected inference input 'pixels'",
        ),
        (
            "triton/err_wrong_output_name",
            Refused,
            "unexpected inference output",
        ),
        ("triton/err_wrong_shape", Refused, "Expected [-1,3,2,2]"),
        ("triton/err_wrong_dtype", Refused, "expects 'FP32'"),
        ("triton/err_batch_too_large", TooLarge, "must be <= 32"),
        ("triton/err_fp16_as_json", Refused, "not supported"),
        (
            "triton/err_data_shorter_than_shape",
            Refused,
            "does not match true shape",
        ),
        (
            "triton/err_missing_inputs",
            Refused,
            "Unable to parse 'inputs'",
        ),
        ("triton/err_bad_json", Refused, "failed to parse"),
        (
            "triton/err_binary_truncated_body",
            Refused,
            "unexpected size",
        ),
        (
            "triton/err_binary_extra_bytes",
            Refused,
            "additional input data",
        ),
        (
            "triton/err_header_length_too_long",
            Refused,
            "should be in range",
        ),
        ("triton/err_jpeg_undecodable", Failed, "cannot decode image"),
        ("triton/err_fault_request", Failed, "this request fails"),
        ("triton/err_fault_batch", Failed, "the whole batch fails"),
        ("triton/control_after_exit_infer", Refused, "is not healthy"),
        ("triton/err_get_infer", Refused, "(HTTP 405"),
        ("triton/err_unknown_path", Refused, "(HTTP 404"),
        ("triton/notready_health_ready", Busy(None), "not ready"),
        ("triton/notready_infer", Refused, "no available versions"),
        (
            "mlserver/err_unknown_model",
            Refused,
            "Model no_such_model not found",
        ),
        ("mlserver/err_model_config", Refused, "Not Found"),
        ("mlserver/err_missing_inputs", Refused, "Field required"),
        ("mlserver/err_wrong_shape", Refused, "unexpected shape"),
        (
            "reference/err_fault_503",
            Busy(Some(Duration::from_secs(1))),
            "twinlens fault",
        ),
        ("reference/err_images_not_a_list", Refused, "valid list"),
        ("reference/err_no_images", Refused, "no images"),
        ("reference/err_not_an_image", Refused, "cannot decode"),
        ("reference/err_not_base64", Refused, "not base64"),
        ("reference/err_too_many_images", TooLarge, "at most"),
        ("reference/err_unknown_model", Refused, "is not loaded"),
        (
            "reference/immich_err_bad_entries",
            Refused,
            "Invalid request format.",
        ),
        (
            "reference/immich_err_not_an_image",
            Failed,
            "Internal Server Error",
        ),
    ];
    for (name, kind, words) in expected {
        let error = http(name);
        assert_eq!(error.kind, kind, "{name}: {error}");
        assert!(error.message.starts_with("http://h:1: "), "{name}: {error}");
        assert!(error.message.contains(words), "{name}: {error}");
    }
}

#[test]
fn grpc_refusals_of_real_servers_mean_what_they_mean() {
    let expected: [(&str, CallErrorKind, &str); 21] = [
        (
            "triton-grpc/err_unknown_model",
            Refused,
            "'no_such_model' is not found",
        ),
        ("triton-grpc/err_unknown_version", Refused, "version 9"),
        ("triton-grpc/err_wrong_input_name", Refused, "'pixels'"),
        (
            "triton-grpc/err_wrong_shape",
            Refused,
            "Expected [-1,3,2,2]",
        ),
        ("triton-grpc/err_wrong_dtype", Refused, "expects 'FP32'"),
        ("triton-grpc/err_batch_too_large", TooLarge, "must be <= 32"),
        (
            "triton-grpc/err_raw_truncated",
            Refused,
            "Expected 48, got 40",
        ),
        (
            "triton-grpc/err_raw_missing",
            Refused,
            "unable to find data",
        ),
        (
            "triton-grpc/err_jpeg_undecodable",
            Failed,
            "cannot decode image",
        ),
        (
            "triton-grpc/err_jpeg_no_length_prefix",
            Refused,
            "incomplete string",
        ),
        (
            "triton-grpc/err_fault_request",
            Failed,
            "this request fails",
        ),
        (
            "triton-grpc/err_fault_batch",
            Failed,
            "the whole batch fails",
        ),
        (
            "triton-grpc/control_after_exit_infer",
            Refused,
            "is not healthy",
        ),
        ("triton-grpc/err_deadline", TimedOut, "Deadline Exceeded"),
        (
            "triton-grpc/err_bad_message",
            Refused,
            "Unable to parse request",
        ),
        ("triton-grpc/err_unknown_method", Refused, "Unimplemented"),
        (
            "triton-grpc/notready_infer",
            Refused,
            "no available versions",
        ),
        (
            "triton-grpc/err_client_receive_limit",
            TooLarge,
            "larger than max",
        ),
        (
            "mlserver/grpc_err_message_limit_batch7",
            TooLarge,
            "4194304",
        ),
        ("mlserver/grpc_err_unknown_model", Refused, "not found"),
        (
            "mlserver/grpc_err_model_config",
            Refused,
            "Method not found!",
        ),
    ];
    for (name, kind, words) in expected {
        let error = grpc(name);
        assert_eq!(error.kind, kind, "{name}: {error}");
        assert!(error.message.starts_with("grpc://h:1: "), "{name}: {error}");
        assert!(error.message.contains(words), "{name}: {error}");
    }
}

#[test]
fn statuses_that_no_capture_has_are_judged_too() {
    for (status, kind) in [
        (401, Denied),
        (403, Denied),
        (407, Denied),
        (408, TimedOut),
        (429, Busy(Some(Duration::from_secs(7)))),
        (502, Busy(Some(Duration::from_secs(7)))),
        (504, Busy(Some(Duration::from_secs(7)))),
        (302, Refused),
        (418, Refused),
        (500, Failed),
        (599, Failed),
    ] {
        let error = http_error("h", status, Some(Duration::from_secs(7)), b"words");
        assert_eq!(error.kind, kind, "{status}");
        assert!(error.message.contains("words"), "{error}");
    }
    assert!(http_error("h", 401, None, b"").message.contains("token"));
    for (code, words, kind) in [
        (tonic::Code::Unauthenticated, "who?", Denied),
        (tonic::Code::PermissionDenied, "", Denied),
        (tonic::Code::Unavailable, "", Busy(None)),
        (tonic::Code::ResourceExhausted, "queue is full", Busy(None)),
    ] {
        assert_eq!(grpc_error("h", &tonic::Status::new(code, words)).kind, kind);
    }
    assert_ne!(http_error("h", 500, None, b"").kind, BadAnswer);
}

#[test]
fn a_grpc_server_may_name_its_wait() {
    let mut status = tonic::Status::new(tonic::Code::Unavailable, "later");
    status
        .metadata_mut()
        .insert("grpc-retry-pushback-ms", "1500".parse().unwrap());
    assert_eq!(
        grpc_error("h", &status).kind,
        Busy(Some(Duration::from_millis(1500)))
    );
}

#[test]
fn a_servers_words_are_one_line_of_bounded_length() {
    let long = format!("{{\"error\":\"a\\nb {}\"}}", "\u{e4}".repeat(5000));
    let error = http_error("h", 400, None, long.as_bytes());
    assert!(error.message.contains("a b \u{e4}\u{e4}"), "{error}");
    assert!(
        error.message.len() < LONGEST + 100,
        "{}",
        error.message.len()
    );
}
