//! Charts as drawings inside the page: no script, no library, and a table with the same figures beside each.

use super::locale::Locale;

/// Width of a chart, in its own units; the page scales it.
const WIDTH: f64 = 640.0;

/// Height of the bars by day.
const HEIGHT: f64 = 200.0;

/// Room for the words below and the numbers beside the bars.
const FOOT: f64 = 24.0;
const SIDE: f64 = 34.0;

/// Days of which each has a word below its bar; of more, every other one, and so on.
const LABELS_MAX: usize = 8;

/// What became of the payments of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub day: jiff::civil::Date,
    pub approved: u64,
    pub declined: u64,
    pub other: u64,
}

impl Day {
    fn all(&self) -> u64 {
        self.approved + self.declined + self.other
    }
}

/// A rectangle and its colour.
pub(super) struct Bar {
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
    pub class: &'static str,
}

/// A word at a place.
pub(super) struct Mark {
    pub x: String,
    pub y: String,
    pub text: String,
}

/// Bars standing side by side, one for each day.
pub(super) struct Columns {
    pub bars: Vec<Bar>,
    pub below: Vec<Mark>,
    /// Lines across, with their numbers.
    pub across: Vec<Mark>,
    pub width: f64,
    pub height: f64,
    pub side: f64,
}

/// One bar lying, with its word.
pub(super) struct Lying {
    pub y: String,
    pub text_y: String,
    pub width: String,
    pub label: String,
    pub count: String,
    pub count_x: String,
}

/// Coordinates have one digit after the point.
fn at(place: f64) -> String {
    format!("{place:.1}")
}

#[allow(clippy::cast_precision_loss, reason = "a chart shows thousands, not quadrillions")]
fn real(count: u64) -> f64 {
    count as f64
}

/// The smallest of 1, 2, 5, 10, 20, 50, … that is not below.
fn ceiling(most: u64) -> u64 {
    let mut decade = 1;
    loop {
        for step in [1, 2, 5] {
            if step * decade >= most {
                return step * decade;
            }
        }
        decade *= 10;
    }
}

/// Days as standing bars: approved at the foot, then declined, then all others.
pub(super) fn columns(days: &[Day], locale: Locale) -> Columns {
    let top = ceiling(days.iter().map(Day::all).max().unwrap_or(1).max(1));
    let scale = (HEIGHT - 8.0) / real(top);
    let room = (WIDTH - SIDE) / real(days.len().max(1) as u64);
    let width = (room * 0.68).clamp(1.0, 56.0);
    let every = days.len().div_ceil(LABELS_MAX).max(1);
    let (mut bars, mut below) = (Vec::new(), Vec::new());
    for (place, day) in days.iter().enumerate() {
        let middle = SIDE + room * (real(place as u64) + 0.5);
        let mut foot = HEIGHT;
        for (count, class) in [(day.approved, "a"), (day.declined, "b"), (day.other, "c")] {
            if count == 0 {
                continue;
            }
            let height = real(count) * scale;
            foot -= height;
            let (x, y) = (at(middle - width / 2.0), at(foot));
            bars.push(Bar { x, y, width: at(width), height: at((height - 1.0).max(0.8)), class });
        }
        if place % every == 0 {
            below.push(Mark { x: at(middle), y: at(HEIGHT + FOOT - 6.0), text: locale.day(day.day) });
        }
    }
    let steps = if top >= 2 && top.is_multiple_of(2) { vec![0, top / 2, top] } else { vec![0, top] };
    let across = steps.into_iter().map(|count| Mark {
        x: at(SIDE - 8.0),
        y: at(HEIGHT - real(count) * scale),
        text: count.to_string(),
    });
    Columns { bars, below, across: across.collect(), width: WIDTH, height: HEIGHT + FOOT, side: SIDE }
}

/// Height of one lying bar with its word above.
pub(super) const LYING_HEIGHT: f64 = 44.0;

/// Counts as lying bars, the most frequent first.
pub(super) fn lying(counts: &[(String, u64)]) -> Vec<Lying> {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bar = |(place, (label, count)): (usize, &(String, u64))| {
        let y = real(place as u64) * LYING_HEIGHT;
        let width = (real(*count) / real(most) * (WIDTH - 60.0)).max(2.0);
        Lying {
            y: at(y + 20.0),
            text_y: at(y + 14.0),
            width: at(width),
            label: label.clone(),
            count: count.to_string(),
            count_x: at(width + 8.0),
        }
    };
    counts.iter().enumerate().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Language;

    #[test]
    fn the_highest_bar_fits_and_an_empty_day_has_none() {
        let day = |n: i8, approved, declined, other| Day {
            day: jiff::civil::date(2026, 11, n),
            approved,
            declined,
            other,
        };
        let drawn = columns(&[day(1, 7, 2, 1), day(2, 0, 0, 0), day(3, 1, 0, 0)], Locale(Language::English));
        assert_eq!(drawn.bars.len(), 4);
        for bar in &drawn.bars {
            let (y, height): (f64, f64) = (bar.y.parse().unwrap(), bar.height.parse().unwrap());
            assert!(y >= 0.0 && y + height <= HEIGHT, "{} {}", bar.y, bar.height);
        }
        assert_eq!(drawn.across.last().map(|mark| &*mark.text), Some("10"));
    }

    #[test]
    fn the_scale_ends_on_a_round_number() {
        assert_eq!([1, 3, 7, 11, 48, 51].map(ceiling), [1, 5, 10, 20, 50, 100]);
    }
}
