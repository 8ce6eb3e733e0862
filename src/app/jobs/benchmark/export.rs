//! Writes a run as a file for others.

use std::io::{self, Write as _};
use std::path::Path;

use crate::app::benchmark::Format;
use crate::bench::export;
use crate::bench::schema::{self, Run};
use crate::report::{self, ReportError};

/// Writes `run` to the file `to`, or its plots into the folder `to`.
///
/// # Errors
/// [`ReportError::Write`], naming the file.
pub(super) fn write(run: &Run, format: Format, to: &Path) -> Result<(), ReportError> {
    match format {
        Format::Json => report::save(to, |out| Ok(schema::write_json(run, out)?)),
        Format::Csv => report::save(to, |out| Ok(export::write_csv(run, out)?)),
        Format::Markdown => report::save(to, |out| Ok(export::write_markdown(run, out)?)),
        Format::Html => report::save(to, |out| Ok(export::write_html(run, out)?)),
        Format::Trace => report::save(to, |out| Ok(export::write_trace(run, out)?)),
        Format::Plots => {
            for plot in export::plots::all(run) {
                let file = to.join(plot.name).with_extension("svg");
                report::save(&file, |out| Ok(out.write_all(plot.svg.as_bytes())?))?;
                let picture = export::png(&plot.svg).map_err(io::Error::other)?;
                report::save(&file.with_extension("png"), |out| {
                    Ok(out.write_all(&picture)?)
                })?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::history;
    use crate::bench::reference::Reference;

    #[test]
    fn each_format_makes_a_file_of_its_own_and_json_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let reference = Reference::load().unwrap();
        let run = reference.run("5").unwrap();
        for format in Format::ALL {
            let Some(extension) = format.extension() else {
                continue;
            };
            let file = folder.path().join(format!("{format:?}.{extension}"));
            write(run, format, &file).unwrap();
            assert!(file.metadata().unwrap().len() > 100, "{format:?}");
        }
        assert_eq!(
            &history::load(&folder.path().join("Json.json")).unwrap(),
            run
        );
        let plots = folder.path().join("plots");
        std::fs::create_dir(&plots).unwrap();
        write(run, Format::Plots, &plots).unwrap();
        let svg = std::fs::read_to_string(plots.join("throughput-latency.svg")).unwrap();
        assert!(svg.starts_with("<svg"), "{svg}");
        assert!(plots.join("throughput-latency.png").is_file());
        let nowhere = folder.path().join("no/such/folder.csv");
        let error = write(run, Format::Csv, &nowhere).unwrap_err().to_string();
        assert!(
            error.contains("no/such") || error.contains(r"no\such"),
            "{error}"
        );
    }
}
