//! The photos that are embedded, at the models' sizes, and what it took to get them there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::schema::{Stages, Workload as Described};
use super::{BenchError, demo, statistics};
use crate::embed::preprocess::prepare;
use crate::embed::{ModelInput, Preprocessing};
use crate::scan::{self, DecodeScale, FoundFile, Limits, Promise};

/// A sample of photos.
#[derive(Debug)]
pub(super) struct Workload {
    /// What the results say of it.
    pub(super) described: Described,
    /// Mean time a photo of `read`, `decode` and `preprocess`.
    pub(super) stages: Stages,
    /// The photos for each preprocessing that was asked for, in the order of paths.
    inputs: Vec<(Preprocessing, Vec<ModelInput>)>,
}

impl Workload {
    /// Reads at most `count` photos out of a folder, evenly spread over its paths: neighbours are
    /// alike. A file that is no photo gives its place to the next one.
    ///
    /// # Errors
    /// [`BenchError::Scan`] if the folder cannot be listed or the user cancelled,
    /// [`BenchError::NoPhotos`] if none can be decoded, [`BenchError::Embed`] if one cannot be
    /// brought to a model's size.
    pub(super) fn of_folder(
        folder: &Path,
        count: usize,
        wanted: &[Preprocessing],
        cancel: &AtomicBool,
        watch: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, BenchError> {
        let walked = scan::walk(&[folder.to_owned()], cancel, &mut |_, _| ())?;
        let files: Vec<&FoundFile> = walked
            .files
            .iter()
            .filter(|file| file.promise == Promise::Picture)
            .collect();
        let places = places(files.len(), count);
        let mut sample = Sample::new(wanted);
        for (done, range) in places.iter().enumerate() {
            watch(done, places.len());
            for file in files.get(range.clone()).unwrap_or_default() {
                if cancel.load(Ordering::Relaxed) {
                    return Err(scan::ScanError::Cancelled.into());
                }
                if sample.take(file)? {
                    break;
                }
            }
        }
        let mut workload = sample.finish()?;
        workload.described.folder = Some(folder.display().to_string());
        workload.described.library_photos = Some(files.len());
        Ok(workload)
    }

    /// The photos that come with the program, where there is no folder, and parts of them.
    ///
    /// # Errors
    /// [`BenchError::Demo`] if they cannot be unpacked, else as [`Workload::of_folder`].
    pub(super) fn demo(
        count: usize,
        wanted: &[Preprocessing],
        cancel: &AtomicBool,
        watch: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir().map_err(BenchError::Demo)?;
        demo::write(folder.path(), count.max(1)).map_err(BenchError::Demo)?;
        let mut workload = Self::of_folder(folder.path(), count.max(1), wanted, cancel, watch)?;
        workload.described.folder = None;
        workload.described.library_photos = None;
        Ok(workload)
    }

    /// The pictures as this preprocessing gives them; none if it was not asked for.
    #[must_use]
    pub(super) fn inputs(&self, preprocessing: &Preprocessing) -> &[ModelInput] {
        let found = self.inputs.iter().find(|(key, _)| key == preprocessing);
        found.map_or(&[], |(_, inputs)| inputs)
    }
}

/// Each once.
fn distinct(wanted: &[Preprocessing]) -> Vec<Preprocessing> {
    let mut distinct: Vec<Preprocessing> = Vec::new();
    for preprocessing in wanted {
        if !distinct.contains(preprocessing) {
            distinct.push(preprocessing.clone());
        }
    }
    distinct
}

/// `0..all` in at most `count` ranges of nearly the same length: one photo is taken of each.
fn places(all: usize, count: usize) -> Vec<std::ops::Range<usize>> {
    let count = count.min(all);
    (0..count)
        .map(|place| place * all / count..(place + 1) * all / count)
        .collect()
}

/// Photos as they are taken.
struct Sample {
    limits: Limits,
    scale: DecodeScale,
    inputs: Vec<(Preprocessing, Vec<ModelInput>)>,
    buffer: Vec<u8>,
    megapixels: Vec<f64>,
    times: HashMap<&'static str, Duration>,
}

impl Sample {
    fn new(wanted: &[Preprocessing]) -> Self {
        let wanted = distinct(wanted);
        let side = wanted
            .iter()
            .map(|preprocessing| preprocessing.resize_short)
            .max();
        Self {
            limits: Limits::default(),
            scale: DecodeScale::for_analysis(side.unwrap_or(0)),
            inputs: wanted.into_iter().map(|key| (key, Vec::new())).collect(),
            buffer: Vec::new(),
            megapixels: Vec::new(),
            times: HashMap::new(),
        }
    }

    /// Takes a file in, if it is a photo.
    fn take(&mut self, file: &FoundFile) -> Result<bool, BenchError> {
        let begun = Instant::now();
        // What is wrong with single files is the scan's to tell.
        let Ok(read) = scan::read(file, &self.limits, std::mem::take(&mut self.buffer)) else {
            return Ok(false);
        };
        let reading = begun.elapsed();
        let Ok(examined) = scan::examine(&file.path, &read, self.scale, &self.limits) else {
            return Ok(false);
        };
        let decoded = &examined.decoded;
        let full = (decoded.full_width, decoded.full_height);
        for (number, (preprocessing, inputs)) in self.inputs.iter_mut().enumerate() {
            let begun = Instant::now();
            inputs.push(prepare(
                &decoded.image,
                decoded.source_box,
                full,
                preprocessing,
            )?);
            if number == 0 {
                *self.times.entry("preprocess").or_default() += begun.elapsed();
            }
        }
        *self.times.entry("read").or_default() += reading;
        *self.times.entry("decode").or_default() += examined.decode_time;
        self.megapixels
            .push(f64::from(full.0) * f64::from(full.1) / 1e6);
        self.buffer = read.bytes;
        Ok(true)
    }

    fn finish(self) -> Result<Workload, BenchError> {
        if self.megapixels.is_empty() {
            return Err(BenchError::NoPhotos);
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of photos")]
        let count = self.megapixels.len() as f64;
        let mean = |stage| {
            let time = self.times.get(stage)?;
            Some(time.as_secs_f64() * 1e3 / count)
        };
        Ok(Workload {
            described: Described {
                photos: Some(self.megapixels.len()),
                megapixels_mean: statistics::mean(&self.megapixels),
                ..Described::default()
            },
            stages: Stages {
                read: mean("read"),
                decode: mean("decode"),
                preprocess: mean("preprocess"),
                ..Stages::default()
            },
            inputs: self.inputs,
        })
    }
}

/// Where the photos come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Photos {
    /// A sample of a folder.
    Folder(PathBuf),
    /// Those that come with the program.
    Demo,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_cover_all_files_evenly_and_are_no_more_than_they() {
        assert_eq!(places(10, 4), [0..2, 2..5, 5..7, 7..10]);
        assert_eq!(places(3, 8), [0..1, 1..2, 2..3]);
        assert!(places(0, 8).is_empty());
    }

    #[test]
    fn a_folder_is_sampled_and_what_is_no_photo_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..6u8 {
            let picture = image::RgbImage::from_pixel(40, 30, image::Rgb([number * 40; 3]));
            picture
                .save(folder.path().join(format!("{number}.png")))
                .unwrap();
        }
        std::fs::write(folder.path().join("2.png"), "broken").unwrap();
        let wanted = [
            Preprocessing::clip(),
            Preprocessing::efficientnet_lite0(),
            Preprocessing::clip(),
        ];
        let cancel = AtomicBool::new(false);
        let mut steps = 0;
        let mut watch = |_, _| steps += 1;
        let workload = Workload::of_folder(folder.path(), 3, &wanted, &cancel, &mut watch).unwrap();
        // One of each pair: 0, 3 in place of the broken 2, and 4.
        let levels: Vec<u8> = workload
            .inputs(&wanted[0])
            .iter()
            .map(|input| input.rgb[0])
            .collect();
        assert_eq!(levels, [0, 120, 160]);
        assert_eq!((workload.inputs.len(), steps), (2, 3));
        assert_eq!(workload.inputs(&wanted[1])[0].side, 224);
        let described = &workload.described;
        assert_eq!(
            (described.photos, described.library_photos),
            (Some(3), Some(6))
        );
        assert!((described.megapixels_mean.unwrap() - 0.0012).abs() < 1e-9);
        assert!(workload.stages.decode.is_some() && workload.stages.compute.is_none());
        let empty = tempfile::tempdir().unwrap();
        let none = Workload::of_folder(empty.path(), 3, &wanted, &cancel, &mut |_, _| ());
        assert!(matches!(none, Err(BenchError::NoPhotos)));
        cancel.store(true, Ordering::Relaxed);
        let stopped = Workload::of_folder(folder.path(), 3, &wanted, &cancel, &mut |_, _| ());
        assert!(matches!(
            stopped,
            Err(BenchError::Scan(scan::ScanError::Cancelled))
        ));
    }

    #[test]
    fn demo_photos_and_their_parts_are_all_different() {
        let wanted = [Preprocessing::clip()];
        let cancel = AtomicBool::new(false);
        let workload = Workload::demo(15, &wanted, &cancel, &mut |_, _| ()).unwrap();
        let inputs = workload.inputs(&wanted[0]);
        assert_eq!((inputs.len(), workload.described.photos), (15, Some(15)));
        for (number, input) in inputs.iter().enumerate() {
            assert!(!inputs[..number].contains(input), "{number}");
            let levels: std::collections::BTreeSet<u8> = input.rgb.iter().copied().collect();
            assert!(levels.len() > 100, "{number}: {}", levels.len());
        }
        assert_eq!(workload.described.folder, None);
        assert!(workload.stages.decode.is_some());
        assert_eq!(workload.inputs(&Preprocessing::efficientnet_lite0()), []);
    }
}
