//! What a settings file may say, and that nothing is lost between saving and loading.

use super::*;
use crate::embed::remote::{ClientCertificate, Payload, Protocol};

fn load(text: &str) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, text).unwrap();
    Settings::load(&path).map_err(|error| {
        let message = error.to_string();
        assert!(message.contains("settings.toml"), "{message}");
        message
    })
}

#[test]
fn a_missing_file_means_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    assert_eq!(Settings::load(&path).unwrap(), Settings::default());
    assert_eq!(load("").unwrap(), Settings::default());
}

#[test]
fn what_makes_no_sense_is_an_error_that_names_the_line_and_what_is_expected() {
    for (text, expected) in [
        ("threads = -1\n", "line 1"),
        ("threads = 5000\n", "from 0 to 1024"),
        ("thread = 3\n", "thread"),
        ("threads = \n", "line 1"),
        ("read_ahead_megabytes = 1\n", "from 64 to 65536"),
        ("text_scale = 0.5\n", "from 0.8 to 2"),
        ("text_scale = nan\n", "from 0.8 to 2"),
        ("\ntext_scale = 9\n", "line 2"),
        ("engine = \"gpu\"\n", "onnxruntime"),
        ("provider = \"gpu\"\n", "directml"),
        ("theme = \"pink\"\n", "dark"),
        ("language = \"tlh\"\n", "system"),
        ("keep_rules = [\"beauty\"]\n", "compression"),
        ("keep_rules = [\"age\", \"name\", \"age\"]\n", "rule 3"),
        ("server_patience_seconds = 100000\n", "from 0 to 86400"),
        ("failover = \"never\"\n", "fastest"),
        ("[[servers]]\nurl = \"a\"\ntoken = \"b\"\n", "token"),
        ("[similarity]\nclip = 1.5\n", "clip: a number from 0 to 1"),
    ] {
        let message = load(text).unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn every_field_is_read_as_it_was_saved_and_defaults_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a folder to be made/settings.toml");
    Settings::default().save(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.lines()
            .all(|line| line.is_empty() || line.starts_with('#')),
        "{text}"
    );
    let settings = Settings {
        threads: 3,
        read_ahead_megabytes: 128,
        engine: EngineChoice::OnnxRuntime,
        provider: Provider::TensorRt,
        cache: Some("c.db".into()),
        models_folder: Some("m".into()),
        model: Some("clip".into()),
        model_mirror: Some("http://mirror".into()),
        failover: Failover::Fastest,
        server_patience_seconds: 9,
        onnxruntime_library: Some("libonnxruntime.so".into()),
        keep_rules: vec![KeepRule::Age, KeepRule::Pixels],
        preferred_folders: vec!["a".into()],
        removal: RemovalChoice::HardLink,
        removal_folder: Some("r".into()),
        theme: ThemeChoice::Dark,
        text_scale: 1.1,
        language: Language::English,
        similarity: [("clip".to_owned(), 0.9)].into(),
        servers: vec![
            Server {
                url: "gpu:8000".to_owned(),
                ..Server::default()
            },
            Server {
                url: "https://cluster/triton".to_owned(),
                protocol: Some(Protocol::KserveHttp),
                model: Some("clip".to_owned()),
                payload: Some(Payload::JpegFine),
                batch: Some(4),
                ca_file: Some("ca.pem".into()),
                disabled: true,
                client_certificate: Some(ClientCertificate {
                    certificate: "me.pem".into(),
                    key: "me.key".into(),
                }),
            },
        ],
    };
    settings.save(&path).unwrap();
    assert_eq!(Settings::load(&path).unwrap(), settings);
    let text = std::fs::read_to_string(&path).unwrap();
    for line in ["text_scale = 1.1", "engine = \"onnxruntime\"", "clip = 0.9"] {
        assert!(text.contains(line), "{text}");
    }
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 1, "a temporary file was left behind");
}

#[test]
fn the_names_in_the_file_are_those_of_the_commands() {
    for engine in EngineChoice::ALL {
        let text = format!("engine = {:?}\n", engine.name());
        assert_eq!(load(&text).unwrap().engine, engine);
    }
    for failover in Failover::ALL {
        let text = format!("failover = {:?}\n", failover.name());
        assert_eq!(load(&text).unwrap().failover, failover);
        assert_eq!(Failover::from_name(failover.name()), Some(failover));
    }
    for provider in Provider::ALL {
        let text = format!("provider = {:?}\n", provider.name());
        assert_eq!(load(&text).unwrap().provider, provider);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_and_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let error = Settings::default()
        .save(&file.join("settings.toml"))
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot keep the settings"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a folder");
}

#[cfg(unix)]
#[test]
fn a_link_to_the_file_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (
        folder.path().join("real.toml"),
        folder.path().join("settings.toml"),
    );
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let settings = Settings {
        threads: 2,
        ..Settings::default()
    };
    settings.save(&link).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(Settings::load(&file).unwrap(), settings);
}
