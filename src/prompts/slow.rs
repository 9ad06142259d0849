//! Slower speech out of any recording, at the same pitch: waveform similarity overlap-add (W. Verhelst and M. Roelands,
//! ICASSP 1993). Pieces are laid down at wider steps than they were taken at, each taken where it goes on most smoothly.

use std::f64::consts::PI;

/// How long slow speech takes, in hundredths of what was recorded.
const SLOWER_PERCENT: usize = 130;
/// A piece: two or three periods of the lowest voice.
const PIECE_MS: usize = 24;
/// How far around its place a better fitting piece is looked for: half a period of the lowest voice.
const SEARCH_MS: usize = 6;
/// Every which sample is compared; the rest tell nothing new.
const COMPARED_EACH: usize = 2;

/// The same words, slower.
pub(super) fn slower(samples: &[i16], hertz: u32) -> Vec<i16> {
    let per_ms = hertz as usize / 1_000;
    let step = PIECE_MS * per_ms / 2;
    let (piece, search) = (2 * step, SEARCH_MS * per_ms);
    if step == 0 || samples.len() < 2 * piece {
        return samples.to_vec();
    }
    let length = samples.len() * SLOWER_PERCENT / 100;
    let window: Vec<f64> =
        (0..piece).map(|n| 0.5 - 0.5 * (2.0 * PI * n as f64 / piece as f64).cos()).collect();
    let last = samples.len() - piece;
    let mut out = vec![0.0; length + piece];
    // The first half of the first piece has nothing before it.
    for (sum, sample) in out.iter_mut().zip(&samples[..step]) {
        *sum = f64::from(*sample);
    }
    out[..step].iter_mut().zip(&window).for_each(|(sum, weight)| *sum *= 1.0 - weight);
    let mut from = 0;
    for at in (0..length).step_by(step) {
        let wanted = (at * 100 / SLOWER_PERCENT).min(last);
        if at > 0 {
            // What would come next if nothing were stretched.
            let natural = (from + step).min(last);
            from = most_alike(
                samples,
                natural,
                wanted.saturating_sub(search)..=(wanted + search).min(last),
                piece,
            );
        }
        let taken = samples[from..from + piece].iter().zip(&window);
        for (sum, (sample, weight)) in out[at..].iter_mut().zip(taken) {
            *sum += f64::from(*sample) * weight;
        }
    }
    out.truncate(length);
    out.into_iter().map(|sum| sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16).collect()
}

/// Where the piece begins that is most like the one at `natural`.
fn most_alike(
    samples: &[i16],
    natural: usize,
    places: std::ops::RangeInclusive<usize>,
    piece: usize,
) -> usize {
    let likeness = |place: usize| -> i64 {
        let pairs = samples[natural..natural + piece].iter().zip(&samples[place..place + piece]);
        pairs.step_by(COMPARED_EACH).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
    };
    let nearest = places.clone().min_by_key(|place| place.abs_diff((*places.start() + *places.end()) / 2));
    places.max_by_key(|place| likeness(*place)).or(nearest).unwrap_or(natural)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERTZ: u32 = 16_000;

    fn voice(hertz: f64, ms: usize) -> Vec<i16> {
        let wave = |n: usize| (2.0 * PI * hertz * n as f64 / f64::from(HERTZ)).sin();
        (0..ms * 16).map(|n| (8_000.0 * wave(n)) as i16).collect()
    }

    fn crossings(samples: &[i16]) -> usize {
        samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
    }

    #[test]
    fn it_lasts_longer_and_keeps_pitch_and_height() {
        for hertz in [110.0, 220.0, 700.0] {
            let before = voice(hertz, 1_000);
            let after = slower(&before, HERTZ);
            assert_eq!(after.len(), before.len() * SLOWER_PERCENT / 100);
            let pitch = |samples: &[i16]| crossings(samples) as f64 / samples.len() as f64;
            let drift = (pitch(&after) / pitch(&before) - 1.0).abs();
            assert!(drift < 0.02, "{hertz} Hz drifts by {drift}");
            let height = after[2_000..after.len() - 2_000].iter().map(|s| s.unsigned_abs()).max();
            assert!(height.is_some_and(|height| (7_600..8_400).contains(&height)), "{hertz} Hz: {height:?}");
        }
    }

    #[test]
    fn what_is_too_short_stays_as_it_is() {
        assert_eq!(slower(&[1, 2, 3], HERTZ), [1, 2, 3]);
        assert_eq!(slower(&[], 8_000), [] as [i16; 0]);
    }
}
