//! Images a second by batch and requests at once, of one candidate at a time.

use eframe::egui::{ComboBox, Id, RichText, Stroke, Ui};
use egui_plot::{AxisHints, GridMark, HoverPosition, PlotPoint, Polygon, Text};

use super::{at, named, nearest, plot, statement, whole};
use crate::app::theme::{self, Palette, size};
use crate::bench::plots::{Field, HeatMap, Nothing, digits, heat_map};
use crate::bench::schema::Run;

/// Height of a row and of the axis, in points.
const ROW: f32 = 40.0;
const AXIS: f32 = 60.0;

pub(super) fn show(ui: &mut Ui, run: &Run) -> Result<(), Nothing> {
    let data = heat_map(run)?;
    let fastest = data.fastest();
    let chosen = choice(ui, &data, fastest);
    let Some(field) = data.fields.get(chosen).or(data.fields.first()) else {
        return Ok(());
    };
    let words = data.statement(field);
    statement(ui, &words);
    let (cells, texts) = cells(ui, &data, field);
    let callers = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        label(nearest(mark.value).and_then(|number| data.callers.get(number)))
    };
    let batches = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        label(nearest(mark.value).and_then(|number| data.batches.get(number)))
    };
    let hover = |place: &HoverPosition<'_>| {
        let (HoverPosition::Elsewhere { position } | HoverPosition::NearDataPoint { position, .. }) =
            place;
        let (row, column) = (nearest(position.y)?, nearest(position.x)?);
        let rate = *field.cells.get(row)?.get(column)?;
        let what = format!(
            "{}, batch {}, {} at once",
            field.name,
            data.batches.get(row)?,
            data.callers.get(column)?
        );
        Some(match rate {
            Some(rate) => format!("{what}: {} images a second", digits(rate)),
            None => format!("{what}: not measured"),
        })
    };
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = AXIS + ROW * data.batches.len() as f32;
    let drawn = plot(ui, "batch-concurrency", height)
        .default_x_bounds(-0.5, at(data.callers.len()) - 0.5)
        .default_y_bounds(-0.5, at(data.batches.len()) - 0.5)
        .allow_zoom(false)
        .allow_drag(false)
        .show_grid(false)
        .x_grid_spacer(whole(data.callers.len()))
        .y_grid_spacer(whole(data.batches.len()))
        .custom_x_axes(vec![
            AxisHints::new_x()
                .label("requests at once")
                .formatter(callers),
        ])
        .custom_y_axes(vec![AxisHints::new_y().label("batch").formatter(batches)])
        .label_formatter(hover)
        .show(ui, |plot| {
            for cell in cells {
                plot.polygon(cell);
            }
            for text in texts {
                plot.text(text);
            }
        });
    named(&drawn.response, &words);
    super::marks::text(
        ui,
        "Images a second. An empty place was not measured: sweeps change one of the two at a time.",
    );
    Ok(())
}

fn label(number: Option<&usize>) -> String {
    number.map_or_else(String::new, ToString::to_string)
}

/// Which candidate is looked at: the fastest one, until another is chosen.
fn choice(ui: &mut Ui, data: &HeatMap, fastest: usize) -> usize {
    if data.fields.len() < 2 {
        return 0;
    }
    // By name: while a run is measured, numbers change.
    let id = Id::unique("benchmark-heat-map");
    let chosen: Option<String> = ui.data(|memory| memory.get_temp(id));
    let find = |name: &String| data.fields.iter().position(|field| field.name == *name);
    let mut number = chosen.as_ref().and_then(find).unwrap_or(fastest);
    let name = |number: usize| data.fields.get(number).map_or("", |field| &field.name);
    let before = number;
    let shown = ComboBox::from_id_salt("heat-map-candidate")
        .selected_text(name(number))
        .width(320.0)
        .show_index(ui, &mut number, data.fields.len(), name);
    shown.accessible_name("Candidate of the plot");
    if number != before {
        ui.data_mut(|memory| memory.insert_temp(id, name(number).to_owned()));
    }
    number
}

/// A square for each figure, stronger where there is more, with the figure in it.
fn cells(ui: &Ui, data: &HeatMap, field: &Field) -> (Vec<Polygon<'static>>, Vec<Text>) {
    let palette = Palette::of(ui);
    let (mut cells, mut texts) = (Vec::new(), Vec::new());
    for (row, rates) in field.cells.iter().enumerate() {
        for (column, rate) in rates.iter().enumerate() {
            let Some(rate) = *rate else {
                continue;
            };
            #[expect(clippy::cast_possible_truncation, reason = "a share of 1")]
            let share = (rate / data.largest) as f32;
            let fill = theme::mix(palette.panel, palette.accent, 0.1 + 0.45 * share);
            let (x, y) = (at(column), at(row));
            let corners = [(-0.47, -0.46), (0.47, -0.46), (0.47, 0.46), (-0.47, 0.46)];
            let corners: Vec<[f64; 2]> = (corners.into_iter())
                .map(|(across, up)| [x + across, y + up])
                .collect();
            cells.push(
                Polygon::new(format!("{row}, {column}"), corners)
                    .fill_color(fill)
                    .stroke(Stroke::NONE)
                    .allow_hover(false),
            );
            let text = RichText::new(digits(rate)).size(size::BODY);
            texts.push(
                Text::new("", PlotPoint::new(x, y), text)
                    .color(palette.text)
                    .allow_hover(false),
            );
        }
    }
    (cells, texts)
}
