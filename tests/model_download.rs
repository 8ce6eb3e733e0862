//! Downloads against a server that behaves as badly as real ones do: it cuts, lies, answers
//! with errors, ignores ranges, and changes the file between two tries.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use sha2::Digest as _;
use twinlens::embed::EmbedError;
use twinlens::embed::download::{Downloaded, Policy, Progress, Wanted, download};
use twinlens::embed::store::{ModelStore, State};

/// What a request said, as far as the server cares.
#[derive(Clone, Debug, Default, PartialEq)]
struct Asked {
    path: String,
    range: Option<usize>,
    if_range: Option<String>,
}

/// Answers request number `n` (from 0) by writing to the stream; dropping it cuts.
type Behaviour = dyn Fn(usize, &Asked, &mut TcpStream) + Send + Sync;

struct Server {
    base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(behaviour: impl Fn(usize, &Asked, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (asked, stop) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicBool::new(false)),
        );
        let behaviour: Box<Behaviour> = Box::new(behaviour);
        let (log, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("server".into())
            .spawn(move || {
                for stream in listener.incoming() {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let mut stream = stream.unwrap();
                    let request = read_request(&stream);
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    behaviour(number, &request, &mut stream);
                }
            })
            .unwrap();
        Self {
            base,
            asked,
            stop,
            thread: Some(thread),
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the server so that it sees the flag.
        TcpStream::connect(self.base.trim_start_matches("http://")).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn read_request(stream: &TcpStream) -> Asked {
    let mut asked = Asked::default();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("GET ") {
            rest.split(' ').next().unwrap().clone_into(&mut asked.path);
        }
        let lower = line.to_ascii_lowercase();
        if let Some(range) = lower.strip_prefix("range: bytes=") {
            asked.range = range.trim_end_matches('-').parse().ok();
        }
        if lower.starts_with("if-range: ") {
            asked.if_range = Some(line["if-range: ".len()..].to_owned());
        }
    }
    asked
}

/// A file of 300,000 bytes, each version another.
fn file(version: u8) -> Vec<u8> {
    (0..300_000_u32)
        .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ version)
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    sha2::Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

fn head(stream: &mut TcpStream, status: &str, headers: &[String]) {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        text += header;
        text += "\r\n";
    }
    // The client may have gone away: that is its right.
    stream.write_all((text + "\r\n").as_bytes()).ok();
}

/// Answers as a good server: a range if it is asked for and the `ETag` still fits.
fn serve(stream: &mut TcpStream, asked: &Asked, file: &[u8], etag: &str, at_most: usize) {
    let etag = format!("\"{etag}\"");
    let fits = asked.if_range.as_ref().is_none_or(|asked| *asked == etag);
    let start = asked.range.filter(|_| fits).unwrap_or(0);
    let mut headers = vec![
        format!("Content-Length: {}", file.len() - start),
        format!("ETag: {etag}"),
    ];
    if asked.range.is_some() && fits {
        headers.push(format!(
            "Content-Range: bytes {start}-{}/{}",
            file.len() - 1,
            file.len()
        ));
        head(stream, "206 Partial Content", &headers);
    } else {
        head(stream, "200 OK", &headers);
    }
    let end = file.len().min(start.saturating_add(at_most));
    stream.write_all(&file[start..end]).ok();
}

fn policy() -> Policy {
    Policy {
        mirror: None,
        attempts: 3,
        back_off: Duration::from_millis(5),
        longest_wait: Duration::from_secs(5),
        stall: Duration::from_secs(5),
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn target(&self) -> PathBuf {
        self.0.path().join("model.onnx")
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn fetch(server: &Server, target: &Path, sha256: Option<&str>) -> Result<Downloaded, EmbedError> {
    let url = format!("{}/model.onnx", server.base);
    let wanted = Wanted {
        url: &url,
        sha256,
        bytes: None,
    };
    download(
        wanted,
        target,
        &policy(),
        &mut |_| (),
        &AtomicBool::new(false),
    )
}

#[test]
fn a_whole_file_arrives_with_progress_and_nothing_else_is_left() {
    let server = Server::start(|_, asked, stream| serve(stream, asked, &file(0), "v0", usize::MAX));
    let folder = Folder::new();
    let mut seen: Vec<Progress> = Vec::new();
    let url = format!("{}/model.onnx", server.base);
    let known = sha256(&file(0));
    let wanted = Wanted {
        url: &url,
        sha256: Some(&known),
        bytes: Some(300_000),
    };
    let got = download(
        wanted,
        &folder.target(),
        &policy(),
        &mut |at| seen.push(at),
        &AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!(
        got,
        Downloaded {
            sha256: known.clone(),
            bytes: 300_000,
            is_verified: true
        }
    );
    assert_eq!(std::fs::read(folder.target()).unwrap(), file(0));
    assert_eq!(folder.names(), ["model.onnx"]);
    assert!(
        seen.windows(2)
            .all(|pair| pair[0].received <= pair[1].received)
    );
    assert_eq!(
        seen.last(),
        Some(&Progress {
            received: 300_000,
            total: Some(300_000)
        })
    );
}

#[test]
fn after_cuts_it_goes_on_where_it_was() {
    let server = Server::start(|_, asked, stream| serve(stream, asked, &file(0), "v0", 70_000));
    let folder = Folder::new();
    fetch(&server, &folder.target(), Some(&sha256(&file(0)))).unwrap();
    assert_eq!(std::fs::read(folder.target()).unwrap(), file(0));
    let asked = server.asked();
    // Five pieces of 70,000 bytes, though only three fruitless tries are allowed.
    assert!(asked.len() >= 5, "{asked:?}");
    assert_eq!(asked[0].range, None);
    assert!(
        asked[1..]
            .iter()
            .all(|asked| asked.range.is_some_and(|start| start > 0)),
        "{asked:?}"
    );
    assert!(
        asked[1..]
            .iter()
            .all(|asked| asked.if_range.as_deref() == Some("\"v0\""))
    );
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_was_cancelled() {
    let server = Server::start(|_, asked, stream| serve(stream, asked, &file(0), "v0", usize::MAX));
    let folder = Folder::new();
    let url = format!("{}/model.onnx", server.base);
    let wanted = Wanted {
        url: &url,
        sha256: None,
        bytes: None,
    };
    let cancel = AtomicBool::new(false);
    let mut until = |at: Progress| cancel.store(at.received > 0, Ordering::Relaxed);
    let cancelled = download(wanted, &folder.target(), &policy(), &mut until, &cancel);
    assert!(
        matches!(cancelled, Err(EmbedError::Cancelled)),
        "{cancelled:?}"
    );
    assert_eq!(folder.names(), [".model.onnx.download"]);
    fetch(&server, &folder.target(), Some(&sha256(&file(0)))).unwrap();
    assert_eq!(std::fs::read(folder.target()).unwrap(), file(0));
    assert!(server.asked()[1].range.is_some_and(|start| start > 0));
    assert_eq!(folder.names(), ["model.onnx"]);
}

#[test]
fn a_file_that_changes_between_two_tries_is_never_mixed() {
    // The first try is cut, and then there is a new version with another ETag.
    let server = Server::start(|number, asked, stream| match number {
        0 => serve(stream, asked, &file(0), "v0", 100_000),
        _ => serve(stream, asked, &file(1), "v1", usize::MAX),
    });
    let folder = Folder::new();
    let got = fetch(&server, &folder.target(), None).unwrap();
    assert_eq!(std::fs::read(folder.target()).unwrap(), file(1));
    assert_eq!(got.sha256, sha256(&file(1)));
}

#[test]
fn a_server_without_ranges_is_asked_for_all_of_it_again() {
    let server = Server::start(|number, _, stream| {
        let all = Asked::default();
        let at_most = if number == 0 { 50_000 } else { usize::MAX };
        serve(stream, &all, &file(0), "v0", at_most);
    });
    let folder = Folder::new();
    fetch(&server, &folder.target(), Some(&sha256(&file(0)))).unwrap();
    assert_eq!(std::fs::read(folder.target()).unwrap(), file(0));
}

#[test]
fn a_wrong_checksum_leaves_no_file_behind() {
    let server = Server::start(|_, asked, stream| serve(stream, asked, &file(0), "v0", usize::MAX));
    let folder = Folder::new();
    let error = fetch(&server, &folder.target(), Some(&sha256(b"other")))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("SHA-256") && error.contains(&server.base),
        "{error}"
    );
    assert!(!folder.target().exists());
}

#[test]
fn the_hubs_etag_is_the_checksum_where_none_is_known() {
    for (honest, etag) in [(true, sha256(&file(0))), (false, sha256(b"other"))] {
        // As the hub does: the hash is in the answer that redirects, the storage has its own ETag.
        let server = Server::start(move |_, asked, stream| {
            if asked.path == "/model.onnx" {
                let linked = format!("X-Linked-Etag: \"{etag}\"");
                head(
                    stream,
                    "302 Found",
                    &[
                        "Location: /storage/blob".into(),
                        linked,
                        "Content-Length: 0".into(),
                    ],
                );
            } else {
                serve(stream, asked, &file(0), "storage-1", 200_000);
            }
        });
        let folder = Folder::new();
        let got = fetch(&server, &folder.target(), None);
        if honest {
            assert!(got.unwrap().is_verified);
        } else {
            assert!(got.unwrap_err().to_string().contains("SHA-256"));
            assert!(!folder.target().exists());
        }
    }
}

#[test]
fn a_server_that_promises_more_than_it_has_is_given_up() {
    let server = Server::start(|_, asked, stream| {
        let file = file(0);
        let start = asked.range.unwrap_or(0);
        let promised = 400_000;
        let mut headers = vec![
            format!("Content-Length: {}", promised - start),
            "ETag: \"v0\"".into(),
        ];
        if asked.range.is_some() {
            headers.push(format!(
                "Content-Range: bytes {start}-{}/{promised}",
                promised - 1
            ));
        }
        head(
            stream,
            if asked.range.is_some() {
                "206 Partial Content"
            } else {
                "200 OK"
            },
            &headers,
        );
        stream.write_all(&file[start.min(file.len())..]).ok();
    });
    let folder = Folder::new();
    let error = fetch(&server, &folder.target(), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("times in a row"), "{error}");
    assert!(!folder.target().exists());
}

#[test]
fn a_server_that_promises_less_than_the_catalogue_knows_is_refused() {
    let server =
        Server::start(|_, asked, stream| serve(stream, asked, &file(0)[..1000], "v0", usize::MAX));
    let folder = Folder::new();
    let url = format!("{}/model.onnx", server.base);
    let wanted = Wanted {
        url: &url,
        sha256: None,
        bytes: Some(300_000),
    };
    let error = download(
        wanted,
        &folder.target(),
        &policy(),
        &mut |_| (),
        &AtomicBool::new(false),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("1000 bytes, expected 300000"),
        "{error}"
    );
    assert!(!folder.target().exists());
}

#[test]
fn what_is_not_there_is_an_error_at_once() {
    let server =
        Server::start(|_, _, stream| head(stream, "404 Not Found", &["Content-Length: 0".into()]));
    let error = fetch(&server, &Folder::new().target(), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("404"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn busy_servers_are_asked_again_after_the_time_they_name() {
    for busy in ["429 Too Many Requests", "503 Service Unavailable"] {
        let server = Server::start(move |number, asked, stream| match number {
            0 | 1 => head(
                stream,
                busy,
                &["Retry-After: 0".into(), "Content-Length: 0".into()],
            ),
            _ => serve(stream, asked, &file(0), "v0", usize::MAX),
        });
        let folder = Folder::new();
        fetch(&server, &folder.target(), None).unwrap();
        assert_eq!(server.asked().len(), 3);
    }
    // A date that is past: at once.
    let past = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT";
    let server = Server::start(move |number, asked, stream| match number {
        0 => head(
            stream,
            "503 Service Unavailable",
            &[past.into(), "Content-Length: 0".into()],
        ),
        _ => serve(stream, asked, &file(0), "v0", usize::MAX),
    });
    fetch(&server, &Folder::new().target(), None).unwrap();
    assert_eq!(server.asked().len(), 2);
    // One that is far: not worth the wait.
    let server = Server::start(|_, _, stream| {
        let far = "Retry-After: Tue, 01 Jan 2999 00:00:00 GMT";
        head(
            stream,
            "503 Service Unavailable",
            &[far.into(), "Content-Length: 0".into()],
        );
    });
    let error = fetch(&server, &Folder::new().target(), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("503") && error.contains("patience"),
        "{error}"
    );
    let server = Server::start(|_, _, stream| {
        head(
            stream,
            "429 Too Many Requests",
            &["Retry-After: 9999".into(), "Content-Length: 0".into()],
        );
    });
    let error = fetch(&server, &Folder::new().target(), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("429") && error.contains("9999"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_wait_can_be_cancelled() {
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    let server = Server::start(move |_, _, stream| {
        head(
            stream,
            "503 Service Unavailable",
            &["Retry-After: 4".into(), "Content-Length: 0".into()],
        );
        flag.store(true, Ordering::Relaxed);
    });
    let url = format!("{}/model.onnx", server.base);
    let wanted = Wanted {
        url: &url,
        sha256: None,
        bytes: None,
    };
    let result = download(
        wanted,
        &Folder::new().target(),
        &policy(),
        &mut |_| (),
        &cancel,
    );
    assert!(matches!(result, Err(EmbedError::Cancelled)), "{result:?}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_dead_server_is_an_error_that_names_the_address() {
    let server = Server::start(|_, _, _| ());
    let error = fetch(&server, &Folder::new().target(), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot be reached") && error.contains(&server.base),
        "{error}"
    );
}

#[test]
fn a_model_of_the_catalogue_is_fetched_from_a_mirror_and_found_by_name() {
    let Some(file) = common::shared("models/clip_tiny.onnx") else {
        return;
    };
    let model = std::fs::read(file).unwrap();
    let expected = sha256(&model);
    let server =
        Server::start(move |_, asked, stream| serve(stream, asked, &model, "v0", 1_000_000));
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path().join("models")).unwrap();
    let policy = Policy {
        mirror: Some(server.base.clone()),
        ..policy()
    };
    let added = store
        .download(
            "clip-vit-b32",
            &policy,
            &mut |_| (),
            &AtomicBool::new(false),
        )
        .unwrap();
    assert_eq!(
        server.asked()[0].path,
        "/Xenova/clip-vit-base-patch32/resolve/main/onnx/vision_model.onnx"
    );
    assert_eq!(added.record.sha256, expected);
    assert!(
        added.notes.iter().any(|note| note.contains("no checksum")),
        "{:?}",
        added.notes
    );
    assert_eq!(store.find("clip-vit-b32").unwrap(), added.record);
    let states: Vec<State> = store
        .list()
        .unwrap()
        .into_iter()
        .take(2)
        .map(|model| model.state)
        .collect();
    assert_eq!(states, [State::Bundled, State::Installed]);
    let recipe = store.download(
        "sscd-disc-mixup",
        &policy,
        &mut |_| (),
        &AtomicBool::new(false),
    );
    assert!(
        recipe
            .unwrap_err()
            .to_string()
            .contains("export_recipes.py")
    );
}
