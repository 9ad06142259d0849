//! Measuring what may be a key: its exact frequencies, and how much of the sound they explain.

use crate::inspect::audio::SAMPLES_PER_S;
use std::f64::consts::TAU;

/// How far a frequency may be off. Q.24: 1.5% is a digit, 3.5% is not.
const MAX_DETUNE: f64 = 0.025;

/// Where near `nominal_hz` the sound really peaks; none if that is off by more than a key may be.
///
/// A Hann window keeps the other frequency, at least 268 Hz away, from bending the answer.
pub fn true_hz(body: &[i16], nominal_hz: f64) -> Option<f64> {
    const STEP: f64 = 0.004;
    const STEPS: i32 = 10;
    let shaped: Vec<f64> = body
        .iter()
        .enumerate()
        .map(|(n, &s)| f64::from(s) * (0.5 - 0.5 * (TAU * (n as f64 + 0.5) / body.len() as f64).cos()))
        .collect();
    let power = |step: i32| {
        let turn = TAU * nominal_hz * (1.0 + STEP * f64::from(step)) / SAMPLES_PER_S as f64;
        let coefficient = 2.0 * turn.cos();
        let (mut last, mut before) = (0.0, 0.0);
        for &sample in &shaped {
            (last, before) = (sample + coefficient * last - before, last);
        }
        last * last + before * before - coefficient * last * before
    };
    let powers: Vec<f64> = (-STEPS..=STEPS).map(power).collect();
    let best = (0..powers.len()).max_by(|&a, &b| powers[a].total_cmp(&powers[b]))?;
    let (left, peak, right) = (*powers.get(best.checked_sub(1)?)?, powers[best], *powers.get(best + 1)?);
    let bend = left - 2.0 * peak + right;
    let shift = if bend < 0.0 { 0.5 * (left - right) / bend } else { 0.0 };
    let detune = STEP * (best as f64 - f64::from(STEPS) + shift);
    (detune.abs() <= MAX_DETUNE).then_some(nominal_hz * (1.0 + detune))
}

/// How well two sines explain some sound.
pub struct Fit {
    /// The share of the energy they leave over.
    pub rest: f64,
    /// How much stronger the second is than the first, in dB.
    pub twist_db: f64,
}

/// Fits the two sines by least squares.
pub fn fit_pair(body: &[i16], row_hz: f64, column_hz: f64) -> Option<Fit> {
    let mut normal = [[0.0f64; 5]; 4];
    let mut energy = 0.0;
    for (n, &sample) in body.iter().enumerate() {
        let t = TAU * n as f64 / SAMPLES_PER_S as f64;
        let (row_sin, row_cos) = (t * row_hz).sin_cos();
        let (column_sin, column_cos) = (t * column_hz).sin_cos();
        let basis = [row_sin, row_cos, column_sin, column_cos];
        let value = f64::from(sample);
        for (i, line) in normal.iter_mut().enumerate() {
            for (j, other) in basis.iter().enumerate() {
                line[j] += basis[i] * other;
            }
            line[4] += basis[i] * value;
        }
        energy += value * value;
    }
    let right = normal.map(|line| line[4]);
    let solution = solve(normal)?;
    let explained: f64 = solution.iter().zip(right).map(|(a, b)| a * b).sum();
    let power = |i: usize| solution[i].powi(2) + solution[i + 1].powi(2);
    let twist_db = 10.0 * (power(2) / power(0)).log10();
    (energy > 0.0 && twist_db.is_finite()).then_some(Fit { rest: 1.0 - explained / energy, twist_db })
}

/// Solves four linear equations by elimination; none if they do not stand apart.
fn solve(mut lines: [[f64; 5]; 4]) -> Option<[f64; 4]> {
    for i in 0..4 {
        let pivot = (i..4).max_by(|&a, &b| lines[a][i].abs().total_cmp(&lines[b][i].abs()))?;
        lines.swap(i, pivot);
        let lead = lines[i];
        if lead[i].abs() < 1e-6 {
            return None;
        }
        for (j, line) in lines.iter_mut().enumerate() {
            if j != i {
                let factor = line[i] / lead[i];
                line.iter_mut().zip(lead).for_each(|(cell, from)| *cell -= factor * from);
            }
        }
    }
    Some(std::array::from_fn(|i| lines[i][4] / lines[i][i]))
}
