//! The measurements as a table: sorted by a click on a heading, a bar in each cell, and the best
//! figure of each column marked.

use eframe::egui::{
    self, Align2, Color32, CornerRadius, Rect, Response, RichText, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, WidgetText, pos2, vec2,
};
use lucide_icons::Icon;

use crate::app::benchmark::BenchmarkCommand;
use crate::app::benchmark::table::{Column, Order, Row, best, rows};
use crate::app::command::Command;
use crate::app::theme::{self, Palette, RADIUS, RADIUS_LARGE, size, space};
use crate::app::words;
use crate::bench::schema::Run;

/// The height of a row, in points, and the most that are seen at once.
const ROW: f32 = 26.0;
const ROWS: usize = 14;

/// What stands where there is no figure.
const NOTHING: &str = "—";

/// Draws the run's measurements, with room for so many rows at least.
pub(super) fn show(
    ui: &mut Ui,
    run: &Run,
    order: Order,
    expected: usize,
    commands: &mut Vec<Command>,
) {
    let rows = rows(run, order);
    let palette = Palette::of(ui);
    egui::Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(RADIUS_LARGE))
        .inner_margin(egui::Margin::same(8))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
            let columns = Columns::new(
                &rows,
                ui.available_width() - ui.spacing().scroll.allocated_width(),
            );
            ScrollArea::horizontal()
                .id_salt("benchmark-columns")
                .show(ui, |ui| {
                    ui.set_min_width(columns.width);
                    headings(ui, &columns, order, commands);
                    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
                    let height = ROW * expected.max(rows.len()).clamp(1, ROWS) as f32;
                    ScrollArea::vertical()
                        .id_salt("benchmark-rows")
                        .auto_shrink(false)
                        .max_height(height)
                        .show_rows(ui, ROW, rows.len(), |ui, range| {
                            for row in rows.get(range).into_iter().flatten() {
                                draw(ui, &columns, row);
                            }
                        });
                });
        });
}

/// A column with its width, and its best and its largest figure.
type Shown = (Column, f32, Option<(f64, f64)>);

/// The columns that are shown.
struct Columns<'a> {
    /// They.
    shown: Vec<Shown>,
    /// Of all.
    width: f32,
    /// What the names of all candidates end with, which need not be read in each row.
    common: &'a str,
}

impl<'a> Columns<'a> {
    fn new(rows: &[Row<'a>], room: f32) -> Self {
        let all: f32 = Column::ALL.into_iter().map(least).sum();
        // What is not known of any is the first to go where there is no room.
        let is_spare = |column: Column| {
            matches!(column, Column::Energy | Column::Cost)
                && rows.iter().all(|row| column.figure(row.scenario).is_none())
        };
        let shown: Vec<Column> = (Column::ALL.into_iter())
            .filter(|column| all <= room || !is_spare(*column))
            .collect();
        let needed: f32 = shown.iter().copied().map(least).sum();
        let spare = (room - needed).max(0.0);
        let width = |column| {
            least(column)
                + match column {
                    Column::Candidate => spare * 0.4,
                    Column::Scenario | Column::Rate => spare * 0.15,
                    Column::P50 | Column::P95 | Column::P99 => spare * 0.1,
                    _ => 0.0,
                }
        };
        let shown: Vec<_> = (shown.into_iter())
            .map(|column| (column, width(column), best(rows, column)))
            .collect();
        Self {
            width: shown.iter().map(|(_, width, _)| width).sum(),
            shown,
            common: common_end(rows),
        }
    }
}

/// The least width of a column, in points.
fn least(column: Column) -> f32 {
    match column {
        Column::Candidate => 136.0,
        Column::Scenario => 144.0,
        Column::Rate => 80.0,
        Column::P50 | Column::P95 | Column::P99 => 68.0,
        Column::Errors => 54.0,
        Column::Stable => 58.0,
        Column::Energy => 70.0,
        Column::Cost => 84.0,
    }
}

/// The parts `/model/precision` at the end of all names, if there are several candidates.
fn common_end<'a>(rows: &[Row<'a>]) -> &'a str {
    let Some(first) = rows.first().map(|row| row.candidate.id.as_str()) else {
        return "";
    };
    if rows.iter().all(|row| row.candidate.id == first) {
        return "";
    }
    let ends = first.match_indices('/').map(|(at, _)| first.split_at(at).1);
    ends.into_iter()
        .find(|end| rows.iter().all(|row| row.candidate.id.ends_with(end)))
        .unwrap_or_default()
}

fn is_text(column: Column) -> bool {
    matches!(column, Column::Candidate | Column::Scenario)
}

fn headings(ui: &mut Ui, columns: &Columns<'_>, order: Order, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        for (column, width, _) in &columns.shown {
            let response = heading(ui, *column, *width, order);
            if response.on_hover_text(help(*column)).clicked() {
                commands.push(BenchmarkCommand::Sort(*column).into());
            }
        }
    });
}

/// A heading in line with what stands below it.
fn heading(ui: &mut Ui, column: Column, width: f32, order: Order) -> Response {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    let is_here = order.by == Some(column);
    let name = format!("Sort by {}", column.name());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_here, &name));
    let inner = rect.shrink2(vec2(2.0, 2.0));
    let radius = CornerRadius::same(RADIUS);
    if response.hovered() {
        ui.painter().rect_filled(inner, radius, palette.raised);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent_text);
        ui.painter()
            .rect_stroke(inner, radius, stroke, StrokeKind::Inside);
    }
    let arrow = match (is_here, order.reversed) {
        (false, _) => "",
        (true, false) => " ↑",
        (true, true) => " ↓",
    };
    let text = format!("{}{arrow}", column.name());
    let (align, x) = if is_text(column) {
        (Align2::LEFT_CENTER, rect.left() + space::TINY)
    } else {
        (Align2::RIGHT_CENTER, rect.right() - 3.0 - space::TINY)
    };
    let color = if is_here { palette.text } else { palette.weak };
    let font = egui::FontId::proportional(size::SMALL);
    ui.painter()
        .text(pos2(x, rect.center().y), align, text, font, color);
    response
}

/// What a column is, for whoever points at its heading.
fn help(column: Column) -> &'static str {
    match column {
        Column::Candidate => "Engine, provider, model, precision",
        Column::Scenario => "The scenarios of MLPerf Inference",
        Column::Rate => "Pictures a second; more is better",
        Column::P50 => "Half of the requests were answered within this time",
        Column::P95 => "95 of 100 requests were answered within this time",
        Column::P99 => "99 of 100 requests were answered within this time",
        Column::Errors => "Requests that failed or were given up",
        Column::Stable => "Whether the last three stretches agreed within 10 %",
        Column::Energy => "Joules that the GPUs took for 1,000 pictures",
        Column::Cost => "Price of 1,000 pictures, by the price an hour above",
    }
}

fn draw(ui: &mut Ui, columns: &Columns<'_>, row: &Row<'_>) {
    let (rect, response) = ui.allocate_exact_size(vec2(columns.width, ROW), Sense::hover());
    let spoken = spoken(columns, row);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    let palette = Palette::of(ui);
    if response.hovered() {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(RADIUS), palette.raised);
    }
    let mut left = rect.left();
    for (column, width, best) in &columns.shown {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(*width, ROW));
        left += width;
        if is_text(*column) {
            let text = written(*column, row);
            let text = match column {
                Column::Candidate => text.strip_suffix(columns.common).unwrap_or(&text),
                _ => &text,
            };
            words_in(ui, cell, text, palette.text);
        } else {
            figure_in(ui, cell, *column, row, *best);
        }
    }
    ui.painter().hline(
        rect.x_range(),
        rect.bottom(),
        Stroke::new(1.0, palette.line),
    );
    let text = match &row.scenario.note {
        Some(note) => format!("{spoken}. {note}"),
        None => spoken,
    };
    response.on_hover_text(text);
}

/// Text at the left of a cell, cut where it is too long.
fn words_in(ui: &Ui, cell: Rect, text: &str, color: Color32) {
    let text: WidgetText = RichText::new(text).size(size::SMALL).color(color).into();
    let galley = text.into_galley(
        ui,
        Some(egui::TextWrapMode::Truncate),
        cell.width() - space::SMALL,
        egui::TextStyle::Small,
    );
    let at = Align2::LEFT_CENTER.anchor_size(
        pos2(cell.left() + space::TINY, cell.center().y),
        galley.size(),
    );
    ui.painter().galley(at.min, galley, color);
}

/// A figure at the right of a cell, over a bar that is as long as it is large. The best is heavy
/// and has a cup.
fn figure_in(ui: &Ui, cell: Rect, column: Column, row: &Row<'_>, best: Option<(f64, f64)>) {
    let palette = Palette::of(ui);
    let figure = column.figure(row.scenario);
    let inner = cell.shrink2(vec2(3.0, 3.0));
    let mut is_best = false;
    if let (Some(figure), Some((best, largest))) = (figure, best) {
        // Bit for bit: it is one of them.
        is_best = figure.total_cmp(&best).is_eq();
        #[expect(clippy::cast_possible_truncation, reason = "a bar of some pixels")]
        let share = (figure / largest) as f32;
        if share.is_finite() && share > 0.0 {
            let mut bar = inner;
            bar.set_width((inner.width() * share.min(1.0)).max(1.0));
            let color = if is_best {
                palette.keep
            } else {
                palette.accent
            };
            let fill = theme::mix(palette.panel, color, 0.25);
            ui.painter().rect_filled(bar, CornerRadius::same(3), fill);
        }
    }
    let color = match (is_best, figure) {
        (true, _) => palette.keep,
        (false, None) => palette.weak,
        (false, Some(_)) => palette.text,
    };
    let font = if is_best {
        theme::strong(size::SMALL)
    } else {
        egui::FontId::proportional(size::SMALL)
    };
    let right = pos2(inner.right() - space::TINY, inner.center().y);
    let text = written(column, row);
    ui.painter()
        .text(right, Align2::RIGHT_CENTER, text, font, color);
    if is_best {
        let left = pos2(inner.left() + space::TINY, inner.center().y);
        let cup = char::from(Icon::Trophy);
        let font = theme::icons(size::SMALL);
        ui.painter()
            .text(left, Align2::LEFT_CENTER, cup, font, color);
    }
}

/// What stands in a cell.
fn written(column: Column, row: &Row<'_>) -> String {
    let figure = column.figure(row.scenario);
    let decimals = |number: f64| -> String {
        match number {
            number if number >= 1000.0 => words::count(whole(number)),
            number if number >= 100.0 => format!("{number:.0}"),
            number if number >= 10.0 => format!("{number:.1}"),
            number => format!("{number:.2}"),
        }
    };
    match column {
        Column::Candidate => row.candidate.id.clone(),
        Column::Scenario => row.scenario.title(),
        Column::Errors => row
            .scenario
            .errors
            .map_or_else(|| NOTHING.to_owned(), words::count),
        Column::Stable => match row.scenario.stable {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => NOTHING.to_owned(),
        },
        Column::Cost => figure.map_or_else(|| NOTHING.to_owned(), |cost| format!("{cost:.4}")),
        _ => figure.map_or_else(|| NOTHING.to_owned(), decimals),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a figure of a thousand and more, rounded to be shown"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// A row as a screen reader says it.
fn spoken(columns: &Columns<'_>, row: &Row<'_>) -> String {
    let parts = columns.shown.iter().filter_map(|(column, _, best)| {
        let text = written(*column, row);
        if is_text(*column) {
            return Some(text);
        }
        let figure = column.figure(row.scenario)?;
        let is_best = best.is_some_and(|(best, _)| best.total_cmp(&figure).is_eq());
        let mark = if is_best { " (best)" } else { "" };
        Some(format!("{} {text}{mark}", column.name()))
    });
    parts.collect::<Vec<_>>().join(", ")
}
