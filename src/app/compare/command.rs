//! What the comparison may be asked for.

use super::Mode;
use super::textures::Tile;
use crate::app::command::Command;

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CompareCommand {
    /// Compare the photos of the current group.
    Open,
    /// Go back to the review, at the same place.
    Close,
    /// Lay the photos out in another way.
    Show(Mode),
    /// Show the other of the two, at the same place.
    Flicker,
    /// Turn to a photo, by its place.
    Choose(usize),
    /// Turn to the photo some places on.
    Step(isize),
    /// Compare the others with the photo that is chosen.
    TakeAsReference,
    /// Show the photos whole.
    Fit,
    /// Show the chosen photo at so many screen pixels a pixel.
    Scale(f64),
    /// Magnify around a point, which is counted from the middle of a frame in screen pixels.
    Zoom {
        /// How many times.
        factor: f64,
        /// Where.
        at: [f64; 2],
        /// The place of the photo that was pointed at.
        photo: usize,
    },
    /// Move by so many screen pixels the photo at this place, and all others with it.
    Pan([f64; 2], usize),
    /// Put the divider here, 0 to 1 of the frame's width.
    Divide(f32),
    /// Show differences so many times enlarged.
    Amplify(u32),
    /// Lay photos that are side by side over each other as their pixels match, or do not.
    ToggleLinedUp,
    /// Show or hide all that is known of the photos.
    ToggleTable,
    /// Fill the screen, or do not.
    ToggleFullScreen,
    /// Go some groups on.
    StepGroup(isize),
    /// The frames have this size, in screen pixels.
    Frame([f64; 2]),
    /// Make this part of a picture ready to be drawn.
    Upload(Tile),
}

impl From<CompareCommand> for Command {
    fn from(command: CompareCommand) -> Self {
        Self::Compare(command)
    }
}
