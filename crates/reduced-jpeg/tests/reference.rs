//! Pictures against libjpeg-turbo's, for every sampling, table, script and size of tests/data.

#[path = "common.rs"]
mod common;
use common::{fixtures, psnr};
use reduced_jpeg::*;

#[test]
fn look() {
    let mut decoder = Decoder::new();
    for f in fixtures() {
        for (scans, l) in [(Scans::All, "all"), (Scans::Needed, "needed")] {
            let mut out = format!("{:26} {l:7}", f.name);
            for (i, scale) in Scale::ALL.into_iter().enumerate() {
                match decoder.decode(&f.jpeg, &Options::at(scale).with_scans(scans)) {
                    Ok(p) => {
                        let label = format!("{}/8", i + 1);
                        let Some(r) = f.references.iter().find(|r| r.label == label) else {
                            continue;
                        };
                        assert_eq!((p.width(), p.height()), (r.width, r.height));
                        let rgb = p.to_rgb();
                        let rgb = if r.channels() == 1 {
                            rgb.chunks(3).map(|p| p[0]).collect()
                        } else {
                            rgb
                        };
                        out += &format!(
                            " {:6.1}{}",
                            psnr(&rgb, &r.samples),
                            if p.is_truncated() { "T" } else { "" }
                        );
                    }
                    Err(e) => out += &format!(" {e}"),
                }
            }
            println!("{out}");
        }
    }
}
