//! How the window looks: colours, type, spacing, and the fonts themselves.
//!
//! Rule: no view names a colour or a size of its own; it takes them from here. Every text
//! colour has a contrast of at least 4.5 : 1 on the grounds it is used on (WCAG 2.2, AA); a
//! test computes it.

mod series;

use std::collections::BTreeMap;
use std::sync::Arc;

use eframe::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke,
    Style, TextStyle, Theme, Vec2, Visuals, vec2,
};

pub(crate) use series::series;

/// The family of the heavier cut; size alone does not make a heading.
const STRONG: &str = "strong";
/// The family of the icons.
const ICONS: &str = "icons";

/// Distances between things, in points.
pub(crate) mod space {
    /// Between an icon and its word.
    pub(crate) const TINY: f32 = 4.0;
    /// Between things that belong together.
    pub(crate) const SMALL: f32 = 8.0;
    /// Between rows.
    pub(crate) const MEDIUM: f32 = 12.0;
    /// Around the content of a panel.
    pub(crate) const LARGE: f32 = 16.0;
    /// Between sections.
    pub(crate) const SECTION: f32 = 24.0;
    /// Around what stands alone.
    pub(crate) const HUGE: f32 = 32.0;
}

/// Widths of columns, in points.
pub(crate) mod width {
    /// Of a page that is read from top to bottom.
    pub(crate) const PAGE: f32 = 760.0;
    /// Of the names in front of controls.
    pub(crate) const NAMES: f32 = 200.0;
    /// Of the sheet before a removal.
    pub(crate) const SHEET: f32 = 620.0;
    /// Below this, names stand above their controls.
    pub(crate) const NARROW: f32 = 560.0;
}

/// Rounding of small things: buttons, pictures.
pub(crate) const RADIUS: u8 = 6;
/// Rounding of large things: cards, dialogs.
pub(crate) const RADIUS_LARGE: u8 = 10;

/// Type sizes, in points.
pub(crate) mod size {
    /// Notes and captions.
    pub(crate) const SMALL: f32 = 12.0;
    /// Everything else.
    pub(crate) const BODY: f32 = 14.0;
    /// Headings of a card.
    pub(crate) const LARGE: f32 = 16.0;
    /// Headings of a view.
    pub(crate) const HEADING: f32 = 20.0;
    /// The one sentence of an empty view.
    pub(crate) const DISPLAY: f32 = 28.0;
}

/// The colours of one theme, by what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    /// Behind everything.
    pub(crate) ground: Color32,
    /// Bars and side panels.
    pub(crate) panel: Color32,
    /// Cards and fields on a panel.
    pub(crate) raised: Color32,
    /// Lines between things.
    pub(crate) line: Color32,
    /// Text.
    pub(crate) text: Color32,
    /// Text of less weight.
    pub(crate) weak: Color32,
    /// What can be acted on, and where the keyboard is.
    pub(crate) accent: Color32,
    /// Text and icons in the accent's colour.
    pub(crate) accent_text: Color32,
    /// A photo that stays.
    pub(crate) keep: Color32,
    /// A photo that is marked for removal; errors.
    pub(crate) remove: Color32,
    /// What the user has to decide; warnings.
    pub(crate) review: Color32,
    /// Text on a ground of the accent.
    pub(crate) on_accent: Color32,
    /// Behind photos: neither warm nor cold.
    pub(crate) photo_ground: Color32,
}

const DARK: Palette = Palette {
    ground: Color32::from_rgb(0x15, 0x17, 0x1B),
    panel: Color32::from_rgb(0x1C, 0x1F, 0x25),
    raised: Color32::from_rgb(0x26, 0x2A, 0x32),
    line: Color32::from_rgb(0x34, 0x3A, 0x45),
    text: Color32::from_rgb(0xE9, 0xEB, 0xEE),
    weak: Color32::from_rgb(0xA4, 0xAB, 0xB6),
    accent: Color32::from_rgb(0x2F, 0x6F, 0xD8),
    accent_text: Color32::from_rgb(0x6F, 0xA6, 0xFA),
    keep: Color32::from_rgb(0x3F, 0xB9, 0x7C),
    remove: Color32::from_rgb(0xF0, 0x7A, 0x72),
    review: Color32::from_rgb(0xD9, 0xA4, 0x3C),
    on_accent: Color32::WHITE,
    photo_ground: Color32::from_rgb(0x10, 0x11, 0x13),
};

const LIGHT: Palette = Palette {
    ground: Color32::from_rgb(0xF6, 0xF7, 0xF9),
    panel: Color32::WHITE,
    raised: Color32::from_rgb(0xFB, 0xFB, 0xFC),
    line: Color32::from_rgb(0xDD, 0xE1, 0xE7),
    text: Color32::from_rgb(0x1B, 0x1E, 0x24),
    weak: Color32::from_rgb(0x5B, 0x63, 0x70),
    accent: Color32::from_rgb(0x2C, 0x6B, 0xD6),
    accent_text: Color32::from_rgb(0x25, 0x62, 0xCB),
    keep: Color32::from_rgb(0x1C, 0x7A, 0x4B),
    remove: Color32::from_rgb(0xC2, 0x35, 0x2B),
    review: Color32::from_rgb(0x8A, 0x5C, 0x07),
    on_accent: Color32::WHITE,
    photo_ground: Color32::from_rgb(0xE9, 0xEB, 0xEE),
};

impl Palette {
    /// The colours of the theme that `ui` is drawn in.
    pub(crate) fn of(ui: &egui::Ui) -> &'static Self {
        Self::for_mode(ui.visuals().dark_mode)
    }

    /// The colours of the dark or the light theme.
    pub(crate) fn for_mode(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }
}

/// Gives `ctx` the program's fonts and both its themes.
pub(crate) fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.set_style_of(Theme::Dark, style(&DARK, true));
    ctx.set_style_of(Theme::Light, style(&LIGHT, false));
}

/// A font of the heavier cut.
pub(crate) fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(STRONG.into()))
}

/// The icons' font.
pub(crate) fn icons(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(ICONS.into()))
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let faces: [(&str, &'static [u8]); 3] = [
        (
            "inter",
            include_bytes!("../../assets/fonts/Inter-Regular.otf"),
        ),
        (
            "inter-semibold",
            include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
        ),
        (ICONS, lucide_icons::LUCIDE_FONT_BYTES),
    ];
    for (name, bytes) in faces {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let with = |first: &str| {
        let mut names = vec![first.to_owned(), ICONS.to_owned()];
        names.extend(fallback.iter().cloned());
        names
    };
    fonts
        .families
        .insert(FontFamily::Proportional, with("inter"));
    fonts
        .families
        .insert(FontFamily::Name(STRONG.into()), with("inter-semibold"));
    fonts
        .families
        .insert(FontFamily::Name(ICONS.into()), with(ICONS));
    fonts
}

fn style(palette: &Palette, dark: bool) -> Style {
    let body = |size| FontId::new(size, FontFamily::Proportional);
    let mut style = Style {
        text_styles: BTreeMap::from([
            (TextStyle::Small, body(size::SMALL)),
            (TextStyle::Body, body(size::BODY)),
            (TextStyle::Button, body(size::BODY)),
            (TextStyle::Heading, strong(size::HEADING)),
            (
                TextStyle::Monospace,
                FontId::new(size::BODY, FontFamily::Monospace),
            ),
        ]),
        visuals: visuals(palette, dark),
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::SMALL, space::SMALL);
    spacing.button_padding = vec2(space::MEDIUM, 6.0);
    spacing.interact_size = vec2(36.0, 30.0);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(8);
    spacing.slider_width = 180.0;
    spacing.slider_rail_height = 4.0;
    spacing.scroll = egui::style::ScrollStyle::solid();
    spacing.scroll.bar_width = 10.0;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.12;
    style
}

fn visuals(palette: &Palette, dark: bool) -> Visuals {
    let mut visuals = if dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let line = Stroke::new(1.0, palette.line);
    visuals.panel_fill = palette.ground;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = line;
    visuals.window_corner_radius = CornerRadius::same(RADIUS_LARGE);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS);
    visuals.extreme_bg_color = palette.ground;
    visuals.faint_bg_color = palette.raised;
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(palette.weak);
    visuals.hyperlink_color = palette.accent_text;
    visuals.warn_fg_color = palette.review;
    visuals.error_fg_color = palette.remove;
    visuals.selection.bg_fill = palette.accent;
    visuals.selection.stroke = Stroke::new(1.0, palette.on_accent);
    visuals.slider_trailing_fill = true;
    let hovered = mix(palette.raised, palette.text, 0.08);
    let pressed = mix(palette.raised, palette.text, 0.16);
    for (state, fill, stroke, text) in [
        (
            &mut visuals.widgets.noninteractive,
            palette.panel,
            line,
            palette.text,
        ),
        (
            &mut visuals.widgets.inactive,
            palette.raised,
            line,
            palette.text,
        ),
        (
            &mut visuals.widgets.hovered,
            hovered,
            Stroke::new(1.0, palette.weak),
            palette.text,
        ),
        (
            &mut visuals.widgets.active,
            pressed,
            Stroke::new(2.0, palette.accent_text),
            palette.text,
        ),
        (&mut visuals.widgets.open, pressed, line, palette.text),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = stroke;
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = CornerRadius::same(RADIUS);
        state.expansion = 0.0;
    }
    // Rails of sliders, boxes to tick: they have no rim and must be seen on every ground.
    visuals.widgets.inactive.bg_fill = mix(palette.raised, palette.text, 0.2);
    visuals
}

/// `share` of the way from one colour to another.
pub(crate) fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share)
}

/// A tag's ground over a photo, whose colours are unknown; its text is white.
pub(crate) const OVER_PHOTO: Color32 = Color32::from_black_alpha(176);

/// From dark, where nothing differs, through violet, red and amber to a pale yellow: each next
/// one is brighter, so that the order can be seen without colours.
const HEAT: [Color32; 5] = [
    Color32::from_rgb(0x10, 0x11, 0x13),
    Color32::from_rgb(0x4A, 0x2F, 0x8F),
    Color32::from_rgb(0xC7, 0x3A, 0x5C),
    Color32::from_rgb(0xF2, 0xA1, 0x3B),
    Color32::from_rgb(0xFF, 0xF6, 0xC9),
];

/// The colour of a difference, 0 to 1.
pub(crate) fn heat(share: f32) -> Color32 {
    let steps = HEAT.windows(2).zip([0.0, 1.0, 2.0, 3.0]);
    let at = share.clamp(0.0, 1.0) * 4.0;
    let found = steps.rev().find(|&(_, from)| at >= from);
    match found {
        Some((&[from, to], start)) => mix(from, to, at - start),
        _ => HEAT[0],
    }
}

/// The size of a square that an icon button takes.
pub(crate) const ICON_BUTTON: Vec2 = vec2(30.0, 30.0);

#[cfg(test)]
mod tests {
    use super::*;

    /// A channel of sRGB as an amount of light.
    pub(super) fn linear(channel: u8) -> f64 {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    }

    /// Relative luminance of WCAG 2.2.
    fn luminance(color: Color32) -> f64 {
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    pub(super) fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_colour_can_be_read_on_every_ground() {
        for (name, palette) in [("dark", &DARK), ("light", &LIGHT)] {
            let texts = [
                ("text", palette.text),
                ("weak", palette.weak),
                ("accent", palette.accent_text),
                ("keep", palette.keep),
                ("remove", palette.remove),
                ("review", palette.review),
            ];
            for (what, text) in texts {
                for ground in [palette.ground, palette.panel, palette.raised] {
                    let found = contrast(text, ground);
                    assert!(found >= 4.5, "{name} {what} on {ground:?}: {found:.2}");
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5, "{name}");
        }
    }
}
