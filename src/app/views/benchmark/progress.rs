//! A run while it is measured. No part of it moves by itself: drawing takes from the processor
//! that is measured.

use eframe::egui::{self, CornerRadius, ProgressBar, Ui};

use crate::app::benchmark::{Measuring, Now};
use crate::app::theme::{Palette, size};
use crate::app::widgets;
use crate::app::words;

/// Draws how far it is.
pub(super) fn show(ui: &mut Ui, measuring: &Measuring) {
    let (title, detail) = said(measuring);
    ui.label(widgets::strong(title, size::LARGE));
    let share = measuring.fraction();
    let bar = ProgressBar::new(share)
        .desired_height(8.0)
        .corner_radius(CornerRadius::same(4))
        .fill(Palette::of(ui).accent);
    ui.add(bar).widget_info(|| {
        let text = format!("{:.0} %", share * 100.0);
        egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, text)
    });
    ui.label(widgets::caption(ui, detail));
}

/// What is at work, and how it goes.
fn said(measuring: &Measuring) -> (String, String) {
    if measuring.is_stopping {
        return (
            "Stopping".to_owned(),
            "The measurement that is under way is brought to its end.".to_owned(),
        );
    }
    match &measuring.now {
        Now::Photos { all: 0, .. } => ("Looking for photos".to_owned(), "Starting".to_owned()),
        Now::Photos { done, all } => (
            "Reading photos".to_owned(),
            format!("{} of {}", words::count(*done), words::count(*all)),
        ),
        Now::Way {
            number,
            all,
            id,
            scenario,
            window,
        } => {
            let mut detail = scenario.clone().unwrap_or_else(|| "Starting".to_owned());
            if let Some(rate) = window.as_ref().and_then(|window| window.images_per_second) {
                detail = format!("{detail}: {rate:.1} images a second");
            }
            if let Some(left) = measuring.time_left() {
                detail = format!("{detail}; about {} left", words::duration(left));
            }
            (format!("Measuring {number} of {all}: {id}"), detail)
        }
    }
}
