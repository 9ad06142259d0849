"""Reads lines of a language and a number, and writes the number in words: what num2words makes of it."""
import sys

from num2words import num2words

for line in sys.stdin:
    language, number = line.split()
    print(num2words(int(number), lang=language))
