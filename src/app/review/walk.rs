//! Where the user is among the groups and photos, and how he gets elsewhere.

use super::Review;
use crate::photo::PhotoId;

impl Review {
    /// Goes to a place of the list, its first photo.
    pub(crate) fn go_to(&mut self, place: usize) {
        self.current = place.min(self.shown.len().saturating_sub(1));
        self.photo = 0;
    }

    /// Goes `step` groups on, not beyond the ends.
    pub(crate) fn step_group(&mut self, step: isize) {
        let place = self.current.saturating_add_signed(step);
        if place != self.current {
            self.go_to(place);
        }
    }

    /// Goes to a member of the current group.
    pub(crate) fn go_to_member(&mut self, number: usize) {
        let members = self
            .current_group()
            .map_or(0, |(_, group)| group.members().count());
        self.photo = number.min(members.saturating_sub(1));
    }

    /// Goes `step` photos on within the group, not beyond its ends.
    pub(crate) fn step_photo(&mut self, step: isize) {
        self.go_to_member(self.photo.saturating_add_signed(step));
    }

    /// Goes to the next group after this that was not decided, from the start if need be; false
    /// if there is none.
    pub(crate) fn go_to_undecided(&mut self) -> bool {
        let places = self.shown.len();
        let next = (1..=places)
            .map(|step| (self.current + step) % places)
            .find(|&place| !self.is_decided(place));
        if let Some(place) = next {
            self.go_to(place);
        }
        next.is_some()
    }

    /// Goes to where a photo is; false if its group is not shown.
    pub(crate) fn go_to_photo(&mut self, photo: PhotoId) -> bool {
        let Some(&position) = self.group_of.get(photo.index()) else {
            return false;
        };
        let place = self.shown.iter().position(|&shown| shown == position);
        let number = self
            .group_of(photo)
            .and_then(|group| group.members().position(|member| member.photo == photo));
        let (Some(place), Some(number)) = (place, number) else {
            return false;
        };
        (self.current, self.photo) = (place, number);
        true
    }

    fn is_decided(&self, place: usize) -> bool {
        self.shown_group(place)
            .and_then(|(position, _)| self.summary(position))
            .is_some_and(|summary| summary.is_decided)
    }
}
