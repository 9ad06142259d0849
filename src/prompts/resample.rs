//! From 16 kHz to 8 kHz: a half-band low-pass (windowed sinc), and every second sample.
//!
//! Half-band: apart from the middle, every second coefficient is zero, so half of the products are left out.

use std::f64::consts::PI;

/// Coefficients on each side of the middle, counting the zeros. The transition is 3.65 to 4.35 kHz.
const REACH: usize = 63;
/// Kaiser's shape: 80 dB down beyond the transition.
const KAISER_BETA: f64 = 7.857;

/// Halves the sampling rate. As long as half the input, rounded up; no delay.
pub(super) fn half(samples: &[i16]) -> Vec<i16> {
    let taps = taps();
    let silence = std::iter::repeat_n(0.0, REACH);
    let padded: Vec<f64> =
        silence.clone().chain(samples.iter().map(|&sample| f64::from(sample))).chain(silence).collect();
    (0..samples.len())
        .step_by(2)
        .map(|first| {
            let middle = first + REACH;
            let mut sum = 0.5 * padded[middle];
            for (at, tap) in taps.iter().enumerate() {
                let reach = 2 * at + 1;
                sum += tap * (padded[middle - reach] + padded[middle + reach]);
            }
            sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

/// The coefficients at distance 1, 3, 5 … from the middle, which itself is ½.
fn taps() -> Vec<f64> {
    let reach = REACH as f64;
    let window = |distance: f64| {
        bessel_i0(KAISER_BETA * (1.0 - (distance / (reach + 1.0)).powi(2)).sqrt()) / bessel_i0(KAISER_BETA)
    };
    let mut taps: Vec<f64> = (1..=REACH)
        .step_by(2)
        .map(|distance| distance as f64)
        .map(|distance| (PI * distance / 2.0).sin() / (PI * distance) * window(distance))
        .collect();
    // Silence stays silence and a constant keeps its height: both halves add up to one.
    let scale = 0.25 / taps.iter().sum::<f64>();
    taps.iter_mut().for_each(|tap| *tap *= scale);
    taps
}

/// The modified Bessel function of the first kind and order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMPLITUDE: f64 = 12_000.0;

    fn tone(hertz: f64) -> Vec<i16> {
        (0..16_000).map(|n| (AMPLITUDE * (2.0 * PI * hertz * f64::from(n) / 16_000.0).sin()) as i16).collect()
    }

    /// The level of what comes out, against what went in; the ends, where the filter runs in, left out.
    fn gain_db(hertz: f64) -> f64 {
        let out = half(&tone(hertz));
        let inner = &out[100..out.len() - 100];
        let power = inner.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / inner.len() as f64;
        10.0 * (power / (AMPLITUDE * AMPLITUDE / 2.0)).max(1e-12).log10()
    }

    #[test]
    fn speech_passes_and_what_would_fold_back_does_not() {
        for hertz in [100.0, 300.0, 1_000.0, 2_000.0, 3_000.0, 3_400.0] {
            assert!(gain_db(hertz).abs() < 0.05, "{hertz} Hz: {} dB", gain_db(hertz));
        }
        for hertz in [4_400.0, 5_000.0, 6_000.0, 7_500.0] {
            assert!(gain_db(hertz) < -70.0, "{hertz} Hz: {} dB", gain_db(hertz));
        }
    }

    #[test]
    fn a_tone_keeps_its_place() {
        let out = half(&tone(500.0));
        assert_eq!(out.len(), 8_000);
        for (n, sample) in (0..).zip(&out).skip(200).take(7_600) {
            let expected = AMPLITUDE * (2.0 * PI * 500.0 * f64::from(n) / 8_000.0).sin();
            assert!((f64::from(*sample) - expected).abs() < 20.0, "sample {n}");
        }
    }

    #[test]
    fn the_loudest_square_is_cut_and_not_wrapped() {
        let square: Vec<i16> =
            (0..4_000).map(|n| if (n / 8) % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let out = half(&square);
        // Sample 2n of the input is sample n of the output: the sign in the middle of each half-wave stays.
        assert!((100..1_900).filter(|n| n % 8 == 2).all(|n| out[n] > 20_000));
        assert!((100..1_900).filter(|n| n % 8 == 6).all(|n| out[n] < -20_000));
        assert_eq!(half(&[]), [] as [i16; 0]);
        assert_eq!(half(&[0, 0, 0]).len(), 2);
    }
}
