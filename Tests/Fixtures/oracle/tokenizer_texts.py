"""Texts that a tokenizer easily gets wrong."""

import unicodedata

WORDS = "a red apple on the blue table near an old wooden window with soft morning light".split()


def long_texts():
    return [
        ("one word of 300 letters", "abcdefghij" * 30),
        ("one word of 300 equal letters", "z" * 300),
        ("one word of 4000 letters", "moonlight" * 444),
        ("120 words", " ".join(WORDS[index % len(WORDS)] for index in range(120))),
        ("75 words of one token", " ".join(["cat"] * 75)),
        ("76 words of one token", " ".join(["cat"] * 76)),
        ("74 words of one token", " ".join(["cat"] * 74)),
        ("100 exclamation marks apart", "! " * 100),
        ("100 digits", "31415926535897932384" * 5),
        ("200 emoji", "\U0001f600" * 200),
        ("cut inside a word", " ".join(["cat"] * 74) + " antidisestablishmentarianism"),
    ]


def special_token_texts():
    start, end = "<|startoftext|>", "<|endoftext|>"
    bodies = [
        start,
        end,
        start + end,
        f"a {start} cat",
        f"a{end}cat",
        f"a cat{end}",
        f"{end} {end}",
        "<|STARTOFTEXT|> a cat",
        "A <|EndOfText|> B",
        "<|startoftext|",
        "< |startoftext| >",
        "<|start of text|>",
        "<|startoftext|>" * 40,
        "cat<|endoftext|>dog<|startoftext|>bird",
        "<|endoftext|>'s",
        "<|unknown|> token",
        "<start_of_text>",
        "  <|endoftext|>  spaced  ",
        "caf\u00e9<|endoftext|>e\u0301",
    ]
    return [(f"special tokens {index}", body) for index, body in enumerate(bodies)]


ORDINARY = [
    ("empty", ""),
    ("one space", " "),
    ("spaces only", "      "),
    ("plain prompt", "red apple on a blue background"),
    ("a sentence", "A photograph of an astronaut riding a horse, 4k, highly detailed."),
    ("upper case", "A CAT IN A HAT"),
    ("mixed case", "aNdRoId McDonald iPhone eBay"),
    ("leading and trailing spaces", "   a cat   "),
    ("doubled spaces", "a  cat   sits    here"),
    ("comma list", "masterpiece, best quality, ultra-detailed, 8k, (soft light:1.2), [blur]"),
    ("hyphens", "state-of-the-art well--known --- end"),
    ("underscores", "snake_case __init__ _ a_b"),
    ("one letter", "a"),
    ("one digit", "7"),
    ("one mark", "!"),
    ("letter and mark", "a!"),
    ("url", "https://example.org/path?query=1&x=2#frag"),
    ("mail", "someone@example.org"),
    ("code", "for (int i=0; i<10; i++) { a[i] += 0x1F; }"),
    ("file path", "C:\\Users\\me\\file.txt /usr/local/lib"),
    ("prices", "$5.99 \u20ac10 \u00a37 \u00a5100 50% 3/4 1,000,000"),
]

CONTRACTIONS = [
    ("contractions", "it's don't we're I've I'm they'll he'd"),
    ("contractions in capitals", "IT'S DON'T WE'RE I'VE I'M THEY'LL HE'D"),
    ("contractions, mixed case", "It'S dOn'T wE'rE i'Ve"),
    ("contraction inside a word", "rock'n'roll o'clock d'artagnan 'sup 'tis 'll"),
    ("contraction then letters", "'sam 'tom 'really 'very 'me 'llama 'dog"),
    ("curly apostrophe", "it\u2019s don\u2019t \u2018quoted\u2019"),
    ("doubled apostrophe", "it''s ''t '' '"),
    ("apostrophe apart", "it 's don 't"),
    ("apostrophe after mark", "!'s ?'re .'t"),
    ("apostrophe after digit", "1990's 5'd 3'll"),
    ("long s after apostrophe", "it'\u017f"),
]

NUMBERS = [
    ("digits run", "1234567890"),
    ("digits and letters", "4k 8k 2d 3d 1st 2nd mp3 h264 abc123def"),
    ("decimals", "3.14159 1e-5 -7 +8"),
    ("arabic-indic digits", "\u0660\u0661\u0662\u0663 \u06f4\u06f5\u06f6"),
    ("devanagari digits", "\u0967\u0968\u0969"),
    ("fullwidth digits", "\uff11\uff12\uff13"),
    ("roman numerals", "\u2160\u2161\u2162 \u2170\u2171\u2172 \u216b"),
    ("circled numbers", "\u2460\u2461\u2473 \u24ea"),
    ("fractions", "\u00bd\u00bc\u00be \u2153"),
    ("superscripts", "x\u00b2 y\u00b3 z\u00b9 2\u2070 a\u207f"),
    ("subscripts", "h\u2082o co\u2082"),
    ("han numbers", "\u4e00\u4e8c\u4e09 \u3007 \u3021\u3022\u3023"),
    ("enclosed ideographic numbers", "\u3220\u3221 \u3280 \u3251"),
    ("mathematical digits", "\U0001d7ce\U0001d7d9\U0001d7e2"),
    ("ethiopic, tamil numbers", "\u1369\u1372 \u0bf0\u0bf1"),
]

LETTERS = [
    ("accents, composed", "caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00fcber \u00c5ngstr\u00f6m \u00f1and\u00fa"),
    ("accents, decomposed", unicodedata.normalize("NFD", "caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00fcber \u00c5ngstr\u00f6m")),
    ("accented capitals, decomposed", unicodedata.normalize("NFD", "\u00c9COLE \u00c0 \u00dcBER \u00c7A")),
    ("vietnamese", "Ti\u1ebfng Vi\u1ec7t \u1ed4n \u0110\u1ecbnh"),
    ("vietnamese, decomposed", unicodedata.normalize("NFD", "Ti\u1ebfng Vi\u1ec7t \u1ed4n \u0110\u1ecbnh")),
    ("polish, czech", "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105 ja\u017a\u0144 \u0158e\u0159icha"),
    ("german", "Stra\u00dfe STRA\u1e9eE gro\u00df \u00c4\u00d6\u00dc"),
    ("turkish", "\u0130stanbul I\u015f\u0131k \u0131 I i \u0130"),
    ("turkish, decomposed", "I\u0307stanbul i\u0307"),
    ("greek", "\u03b1\u03b2\u03b3 \u0394\u03ad\u03bb\u03c4\u03b1 \u038f\u03a9"),
    ("greek final sigma", "\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3 \u03a3 \u03a3. \u0391\u03a3\u0301 \u0391'\u03a3 \u0391\u03a3\u0391"),
    ("greek with breathings", "\u1f0c\u03bd\u03b8\u03c1\u03c9\u03c0\u03bf\u03c2 \u1fb3 \u1fbc"),
    ("greek oxia becomes tonos", "\u1f71 \u1f79"),
    ("cyrillic", "\u041f\u0440\u0438\u0432\u0435\u0442 \u041c\u0418\u0420 \u0451\u0416\u0418\u041a \u0439"),
    ("cyrillic, decomposed", "\u0438\u0306 \u0415\u0308"),
    ("titlecase digraphs", "\u01c5 \u01c4 \u01c6 \u01c8\u01cb \u01f2"),
    ("ligatures", "\ufb01re \ufb02ow \ufb00 o\ufb03ce \u0133 \u0132"),
    ("cherokee", "\u13a0\u13a1\u13a2 \uab70 \u13f8"),
    ("georgian", "\u10d0\u10d1\u10d2 \u1c90\u1c91\u1c92 \u10a0"),
    ("armenian", "\u0540\u0561\u0575\u0565\u0580\u0565\u0576 \u0587"),
    ("deseret capitals", "\U00010400\U00010401 \U00010428"),
    ("kelvin, angstrom, ohm signs", "\u212a \u212b \u2126"),
    ("fullwidth letters", "\uff21\uff22\uff23 \uff41\uff42\uff43 \uff01\uff1f"),
    ("mathematical letters", "\U0001d400\U0001d401 \U0001d4d0\U0001d4d1 \u210b \u2115"),
    ("small capitals, modifiers", "\u1d00\u1d03 \u02b0\u02b2 \u1d2c"),
    ("ordinal marks", "1\u00aa 2\u00ba"),
    ("circled letters", "\u24b6\u24b7 \u24d0\u24d1"),
    ("roman numeral lower-casing", "\u2164\u2169 \u2183"),
    ("dotted capital in a word", "D\u0130YARBAKIR"),
    ("micro sign", "\u00b5m \u03bcm"),
    ("y with diaeresis, long s", "\u0178 \u0178\u00ff \u017ftop \u1e9b"),
    ("latin extended", "\u2c62\u2c64 \ua726 \ua7ae \u0181\u018a \u0243"),
    ("letters lower-cased in late unicode", "\ua7c0 \ua7d0 \ua7dc \u2c2f"),
]

SCRIPTS = [
    ("chinese", "\u4e00\u53ea\u7ea2\u8272\u7684\u82f9\u679c\uff0c\u84dd\u8272\u80cc\u666f\u3002"),
    ("japanese", "\u7f8e\u3057\u3044\u6851\u306e\u6728\u3068\u732b\u30ab\u30bf\u30ab\u30ca\u30fc"),
    ("japanese voiced, decomposed", "\u304b\u3099\u304d\u3099 \u30cf\u309a"),
    ("halfwidth katakana", "\uff76\uff80\uff76\uff85 \uff8a\uff9f"),
    ("korean", "\ud55c\uad6d\uc5b4 \uace0\uc591\uc774"),
    ("korean, decomposed", unicodedata.normalize("NFD", "\ud55c\uad6d\uc5b4 \uace0\uc591\uc774")),
    ("compatibility ideographs", "\uf900\uf901 \U0002f800"),
    ("rare ideographs", "\U00020000\U0002a6d6 \U00030000"),
    ("arabic", "\u062a\u0641\u0627\u062d\u0629 \u062d\u0645\u0631\u0627\u0621 \u0639\u0644\u0649 \u062e\u0644\u0641\u064a\u0629"),
    ("arabic with vowels", "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f\u064c \u0628\u0650\u0633\u0652\u0645\u0650"),
    ("hebrew", "\u05ea\u05e4\u05d5\u05d7 \u05d0\u05d3\u05d5\u05dd"),
    ("hebrew with points", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \ufb2a"),
    ("persian with joiners", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    ("bidi controls", "\u202babc\u202c \u200fabc\u200e \u2067x\u2069"),
    ("hindi", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e"),
    ("hindi excluded compositions", "\u0958 \u0915\u093c"),
    ("bengali, tamil", "\u09ac\u09be\u0982\u09b2\u09be \u0ba4\u0bae\u0bbf\u0bb4\u0bcd"),
    ("thai", "\u0e41\u0e2d\u0e1b\u0e40\u0e1b\u0e34\u0e49\u0e25\u0e2a\u0e35\u0e41\u0e14\u0e07"),
    ("tibetan, khmer", "\u0f56\u0f7c\u0f51 \u1781\u17d2\u1798\u17c2\u179a"),
    ("mongolian", "\u182e\u1823\u1829\u182d\u1823\u182f\u180e"),
    ("mixed scripts", "cat\u732b\u043a\u043e\u0442\u0642\u0637\u05d7\u05ea\u05d5\u05dc 123 \u0967\u0968"),
    ("mixed scripts and marks", "a\u732b!\u043a1\u0642"),
]

EMOJI = [
    ("emoji", "\U0001f600 \U0001f680 \U0001f34e"),
    ("emoji run", "\U0001f600\U0001f680\U0001f34e!!!"),
    ("family with joiners", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"),
    ("profession with skin tone", "\U0001f469\U0001f3fd\u200d\U0001f680"),
    ("rainbow flag", "\U0001f3f3\ufe0f\u200d\U0001f308"),
    ("flags", "\U0001f1e9\U0001f1ea\U0001f1ef\U0001f1f5"),
    ("keycaps", "1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3"),
    ("hearts and variation", "\u2764\ufe0f \u2764 \u2665\ufe0e"),
    ("emoji next to letters", "I\u2764\ufe0fNY cat\U0001f431dog"),
    ("tag sequence", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
    ("new emoji", "\U0001fae8 \U0001fac6"),
    ("symbols", "\u2600 \u2660 \u266b \u2713 \u2192 \u221e \u2211 \u2a00"),
    ("kaomoji", "(\u256f\u00b0\u25a1\u00b0)\u256f\ufe35 \u253b\u2501\u253b \u00af\\_(\u30c4)_/\u00af"),
]

MARKS = [
    ("punctuation run", "wow!!! what??? ... ;;; :::"),
    ("all ascii marks", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ("mark pairs", "() [] {} <> \"\" '' ``"),
    ("typographic marks", "\u201cquoted\u201d \u2013 \u2014 \u2026 \u00ab\u00bb \u2022 \u2020"),
    ("marks between letters", "a.b,c;d:e!f?g"),
    ("html entities", "fish &amp; chips &lt;b&gt; &eacute; &#39;s &quot;x&quot; &nbsp; &copy;"),
    ("html tags", "<b>bold</b> <img src='x.png'/>"),
    ("markdown", "# Title **bold** _it_ `code` [a](b)"),
    ("ascii art", "<(^_^)> -_-;; :-) :D <3"),
    ("combining alone", "\u0301 a\u0301\u0302 \u0301a x\u0323\u0307 x\u0307\u0323"),
    ("combining stack", "Z\u0351\u0342\u033e\u0353a\u0322\u0321l\u0335\u0321g\u0321o\u0337"),
    ("combining after mark", "!\u0301 1\u0301 \u20ac\u0338"),
    ("enclosing circle", "a\u20dd 5\u20de"),
    ("spacing marks", "\u00b4a \u00a8 \u02c6 \u00b8"),
    ("variation selectors", "a\ufe00 \u4e00\U000e0100"),
    ("not equal decomposed", "=\u0338 <\u0338 \u2260"),
]

SPACES = [
    ("tabs and newlines", "a\tcat\nsits\r\nhere\n\n\tnow"),
    ("vertical tab, form feed", "a\x0bcat\x0csits"),
    ("no-break space", "a\u00a0cat\u00a0\u00a0sits"),
    ("narrow no-break space", "a\u202fcat"),
    ("typographic spaces", "a\u2000b\u2001c\u2002d\u2003e\u2004f\u2005g\u2006h\u2007i\u2008j\u2009k\u200al"),
    ("ideographic space", "\u732b\u3000\u72ac a\u3000b"),
    ("ogham space", "a\u1680b"),
    ("medium mathematical space", "a\u205fb"),
    ("line and paragraph separators", "a\u2028b\u2029c"),
    ("next line control", "a\u0085b"),
    ("zero-width space", "a\u200bcat \u200b"),
    ("zero-width joiners", "a\u200db a\u200cb"),
    ("byte order mark", "\ufeffa cat\ufeff"),
    ("word joiner, soft hyphen", "a\u2060b co\u00adop"),
    ("mongolian vowel separator", "a\u180eb"),
    ("spaces around marks", " ! , . ' s 't"),
    ("only no-break spaces", "\u00a0\u00a0"),
    ("only newlines", "\n\n\n"),
    ("information separators", "a\x1cb\x1dc\x1ed\x1fe"),
    ("hangul filler", "a\u3164b\u115fc"),
    ("braille blank", "a\u2800b"),
]

CONTROLS = [
    ("null", "a\x00b"),
    ("control characters", "a\x01b\x02c\x07d\x08e\x1bf\x7fg"),
    ("c1 controls", "a\x80b\x9fc"),
    ("escape sequence", "\x1b[31mred\x1b[0m"),
    ("replacement character", "a\ufffdb \ufffd"),
    ("object replacement", "a\ufffcb"),
    ("private use", "\ue000 a\uf8ff \U000f0000 \U0010fffd"),
    ("noncharacters", "\ufffe a\uffff \U0001fffe"),
    ("unassigned", "a\u0378 \U000e0fff \u2fff"),
]


def labelled_texts():
    groups = [ORDINARY, CONTRACTIONS, NUMBERS, LETTERS, SCRIPTS, EMOJI, MARKS, SPACES, CONTROLS]
    return [entry for group in groups for entry in group] + long_texts() + special_token_texts()


TEXTS = labelled_texts()

RANGES = [
    (0x20, 0x7E), (0x09, 0x0D), (0xA0, 0x24F), (0x250, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x5FF),
    (0x600, 0x6FF), (0x900, 0xDFF), (0xE00, 0xFFF), (0x1000, 0x12FF), (0x13A0, 0x14FF), (0x1C80, 0x1CFF),
    (0x1D00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x21FF), (0x2200, 0x27FF), (0x2C00, 0x2DFF), (0x3000, 0x30FF),
    (0x3130, 0x33FF), (0x4E00, 0x9FFF), (0xA640, 0xA7FF), (0xAB30, 0xABBF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF),
    (0xFB00, 0xFDFF), (0xFE00, 0xFFEF), (0x10000, 0x107FF), (0x1E900, 0x1E95F), (0x1D400, 0x1D7FF),
    (0x1F100, 0x1F1FF), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF),
]  # fmt: skip


def random_texts(source, count=70):
    """Seeded strings over Unicode: some stay within few ranges, some mix all, some keep whole words."""
    texts = []
    for index in range(count):
        ranges = source.sample(RANGES, 1 + index % 5) + [RANGES[0]]
        parts = []
        for _ in range(source.randint(3, 28)):
            kind = source.random()
            if kind < 0.12:
                parts.append(source.choice([" ", " ", "\u00a0", "\t", "'s", "'T", "\u0301", "\u200d", "<|endoftext|>"]))
            elif kind < 0.2:
                parts.append(source.choice(WORDS))
            else:
                low, high = source.choice(ranges)
                parts.append(chr(source.randint(low, high)))
        texts.append((f"random {index}", "".join(parts)))
    return texts
