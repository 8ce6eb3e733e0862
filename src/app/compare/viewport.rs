//! Zoom and pan, the same for all photos that are compared.
//!
//! The zoom is counted in screen pixels per pixel of the *lead*, the photo that the others are
//! compared with, so that it stays what it is when the frames change their size. Photos of other
//! sizes are magnified as much over their own fit: the same share of each is in sight, at the
//! same place. Lengths are physical pixels of the screen; places in a photo run from 0 to 1.

/// A width and a height, in pixels.
pub(crate) type Size = [f64; 2];

/// Screen pixels per photo pixel at most.
const MOST: f64 = 32.0;

/// How large the photos are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Zoom {
    /// Whole, as large as the frame allows.
    #[default]
    Fit,
    /// So many screen pixels per pixel of the lead.
    Scale(f64),
}

/// What part of the photos is in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Viewport {
    frame: Size,
    zoom: Zoom,
    center: [f64; 2],
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            frame: [800.0, 600.0],
            zoom: Zoom::Fit,
            center: [0.5; 2],
        }
    }
}

impl Viewport {
    /// The size of each frame.
    pub(crate) fn frame(&self) -> Size {
        self.frame
    }

    /// The frames became another size; what is in the middle stays there.
    pub(crate) fn set_frame(&mut self, frame: Size, lead: Size) {
        self.frame = frame.map(|side| side.max(1.0));
        self.settle(lead);
    }

    /// Whether the photos are shown whole.
    pub(crate) fn is_fit(&self) -> bool {
        self.zoom == Zoom::Fit
    }

    /// Shows the photos whole.
    pub(crate) fn fit(&mut self) {
        self.zoom = Zoom::Fit;
        self.center = [0.5; 2];
    }

    /// Shows the lead at `scale`, around the same place.
    pub(crate) fn set_scale(&mut self, scale: f64, lead: Size) {
        self.zoom_by(scale / self.scale(lead), [0.0; 2], lead, lead);
    }

    /// Screen pixels per pixel of the lead.
    pub(crate) fn scale(&self, lead: Size) -> f64 {
        match self.zoom {
            Zoom::Fit => self.fit_scale(lead),
            Zoom::Scale(scale) => scale,
        }
    }

    /// Screen pixels per pixel of a photo that is shown whole.
    pub(crate) fn fit_scale(&self, photo: Size) -> f64 {
        let [x, y] = [0, 1].map(|axis| self.frame[axis] / photo[axis].max(1.0));
        x.min(y)
    }

    /// Screen pixels per pixel of a photo that is as much magnified over its fit as the lead.
    pub(crate) fn scale_of(&self, photo: Size, lead: Size) -> f64 {
        match self.zoom {
            Zoom::Fit => self.fit_scale(photo),
            Zoom::Scale(scale) => scale / self.fit_scale(lead) * self.fit_scale(photo),
        }
    }

    /// Where a photo lies: its upper left corner, from the middle of the frame, and its size.
    pub(crate) fn place(&self, photo: Size, lead: Size) -> ([f64; 2], Size) {
        let scale = self.scale_of(photo, lead);
        let size = photo.map(|side| side * scale);
        let corner = [0, 1].map(|axis| -self.center[axis] * size[axis]);
        (corner, size)
    }

    /// Magnifies by `factor`; what lies `at`, counted from the middle of the frame, stays there.
    /// `photo` is the one that was pointed at.
    pub(crate) fn zoom_by(&mut self, factor: f64, at: [f64; 2], photo: Size, lead: Size) {
        let before = self.scale_of(photo, lead);
        let fit = self.fit_scale(lead);
        let wanted = self.scale(lead) * factor;
        if !wanted.is_finite() {
            return;
        }
        // No smaller than whole, or than its own pixels where the photo is smaller than that.
        let scale = wanted.clamp(fit.min(1.0), MOST.max(fit));
        if fit <= 1.0 && scale <= fit * 1.0001 {
            self.fit();
            return;
        }
        self.zoom = Zoom::Scale(scale);
        let after = self.scale_of(photo, lead);
        for axis in 0..2 {
            let side = photo[axis].max(1.0);
            self.center[axis] += at[axis] / side * (before.recip() - after.recip());
        }
        self.settle(lead);
    }

    /// Moves the photos by so many pixels of the screen.
    pub(crate) fn pan_by(&mut self, delta: [f64; 2], photo: Size, lead: Size) {
        let (_, size) = self.place(photo, lead);
        for ((center, delta), size) in self.center.iter_mut().zip(delta).zip(size) {
            *center -= delta / size.max(1.0);
        }
        self.settle(lead);
    }

    /// Keeps the lead in the frame: what is smaller stands in the middle, what is larger covers
    /// it.
    fn settle(&mut self, lead: Size) {
        let (_, size) = self.place(lead, lead);
        for ((center, frame), size) in self.center.iter_mut().zip(self.frame).zip(size) {
            let half = frame / size.max(1.0) / 2.0;
            *center = if half >= 0.5 {
                0.5
            } else {
                center.clamp(half, 1.0 - half)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAD: Size = [4000.0, 3000.0];
    const COPY: Size = [1000.0, 750.0];

    fn viewport() -> Viewport {
        let mut viewport = Viewport::default();
        viewport.set_frame([800.0, 600.0], LEAD);
        viewport
    }

    /// The place of a photo, 0 to 1, that is seen at a point of the frame.
    fn seen(viewport: &Viewport, at: [f64; 2], photo: Size) -> [f64; 2] {
        let (corner, size) = viewport.place(photo, LEAD);
        [0, 1].map(|axis| (at[axis] - corner[axis]) / size[axis])
    }

    #[test]
    fn copies_of_other_sizes_show_the_same_place() {
        let mut viewport = viewport();
        viewport.set_scale(1.0, LEAD);
        viewport.pan_by([-300.0, 120.0], LEAD, LEAD);
        for at in [[0.0, 0.0], [-400.0, 300.0], [123.0, -45.0]] {
            let (lead, copy) = (seen(&viewport, at, LEAD), seen(&viewport, at, COPY));
            assert!((lead[0] - copy[0]).abs() < 1e-9 && (lead[1] - copy[1]).abs() < 1e-9);
        }
        assert!((viewport.scale_of(COPY, LEAD) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_pointed_at_stays_under_the_pointer() {
        let mut viewport = viewport();
        viewport.set_scale(1.0, LEAD);
        let at = [150.0, -80.0];
        let before = seen(&viewport, at, COPY);
        viewport.zoom_by(2.5, at, COPY, LEAD);
        let after = seen(&viewport, at, COPY);
        assert!((before[0] - after[0]).abs() < 1e-9 && (before[1] - after[1]).abs() < 1e-9);
    }

    #[test]
    fn zooming_out_ends_at_the_whole_photo() {
        let mut viewport = viewport();
        viewport.zoom_by(8.0, [300.0, 200.0], LEAD, LEAD);
        assert!(!viewport.is_fit());
        viewport.zoom_by(0.001, [0.0; 2], LEAD, LEAD);
        assert!(viewport.is_fit());
        assert_eq!(seen(&viewport, [0.0; 2], LEAD), [0.5, 0.5]);
    }

    #[test]
    fn a_photo_smaller_than_its_frame_can_be_seen_pixel_by_pixel() {
        let small = [200.0, 100.0];
        let mut viewport = viewport();
        viewport.set_scale(1.0, small);
        assert!((viewport.scale(small) - 1.0).abs() < 1e-9);
        viewport.pan_by([500.0, 500.0], small, small);
        let (corner, size) = viewport.place(small, small);
        assert!(
            (corner[0] + size[0] / 2.0).abs() < 1e-9,
            "it stays in the middle"
        );
    }

    #[test]
    fn the_photo_cannot_be_dragged_out_of_sight() {
        let mut viewport = viewport();
        viewport.set_scale(1.0, LEAD);
        viewport.pan_by([1e6, -1e6], LEAD, LEAD);
        let (corner, size) = viewport.place(LEAD, LEAD);
        assert!((corner[0] + 400.0).abs() < 1e-6);
        assert!((corner[1] + size[1] - 300.0).abs() < 1e-6);
    }

    #[test]
    fn the_scale_stays_when_the_frames_change_their_size() {
        let mut viewport = viewport();
        viewport.set_scale(1.0, LEAD);
        viewport.set_frame([400.0, 600.0], LEAD);
        assert!((viewport.scale(LEAD) - 1.0).abs() < 1e-9);
        viewport.zoom_by(f64::NAN, [0.0; 2], LEAD, LEAD);
        assert!((viewport.scale(LEAD) - 1.0).abs() < 1e-9);
    }
}
