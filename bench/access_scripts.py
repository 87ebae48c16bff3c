"""Listed names in other scripts, written as a clerk there would: truth for the screening bench.

Made for the bench alone and read by nothing else; the matcher has tables of its own. Cyrillic goes by sound as Russian
papers do, Greek by its digraphs, Arabic with its own spellings for common Arabic names and with long vowels for
foreign ones, Han from pinyin, Hangul from the North's romanisation. Company forms are written in the script's own way.
"""

import re

CYRILLIC = {
    "shch": "щ", "sch": "ш", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "gh": "г", "dh": "д", "ts": "ц", "ya": "я",
    "yu": "ю", "yo": "ё", "ye": "е", "ph": "ф", "th": "т", "ck": "к", "ee": "и", "oo": "у", "ou": "у", "qu": "кв",
    "x": "кс", "j": "дж", **dict(zip("abcdefghiklmnopqrstuvwyz", "абкдефгхиклмнопкрстуввиз", strict=True)),
}  # fmt: skip
GREEK = {
    "th": "θ", "ph": "φ", "kh": "χ", "ch": "τσ", "sh": "σ", "gh": "γ", "dh": "δ", "ou": "ου", "oo": "ου", "ee": "ι",
    "b": "μπ", "d": "ντ", "g": "γκ", "j": "τζ", "h": "χ", "c": "κ", "q": "κ", "w": "ου", "f": "φ", "v": "β", "x": "ξ",
    "y": "ι", "u": "ου", "ck": "κ", **dict(zip("aeiklmnoprstz", "αεικλμνοπρστζ", strict=True)),
}  # fmt: skip
ARABIC = {
    "sh": "ش", "kh": "خ", "th": "ث", "dh": "ذ", "gh": "غ", "ch": "تش", "ph": "ف", "ou": "و", "oo": "و", "aa": "ا",
    "ee": "ي", "ck": "ك", "x": "كس", "qu": "كو", "ei": "ي", "ai": "اي", "ay": "اي",
    **dict(zip("abcdefghijklmnopqrstuvwyz", "ابكديفغهيجكلمنوبقرستوفويز", strict=True)),
}  # fmt: skip
FORMS = {
    "cyrillic": {"ltd": "лтд", "limited": "лимитед", "co": "ко", "company": "компани", "inc": "инк", "llc": "ооо",
                 "corp": "корп", "corporation": "корпорация", "de c.v": "де к.в", "s.a": "с.а"},
    "greek": {"ltd": "λτδ", "limited": "λιμιτεντ", "co": "κο", "company": "κομπανι", "inc": "ινκ", "s.a": "σ.α"},
    "arabic": {"ltd": "ليمتد", "limited": "ليميتد", "co": "كو", "company": "كومباني", "inc": "انك"},
}  # fmt: skip
"""What companies are called after; ``COMPANY`` stays a word to be read."""

ARABIC_NAMES = {
    "محمد": "muhammad mohammad mohammed muhammed mohamed mohamad muhamad", "احمد": "ahmad ahmed", "علي": "ali",
    "حسن": "hasan hassan", "حسين": "husayn hussein husain hossein hussain", "عبد": "abd abdul abdel abdal abdol",
    "الله": "allah", "ابو": "abu abou", "بن": "bin ben ibn", "عمر": "umar omar", "عثمان": "uthman othman osman",
    "خالد": "khalid khaled", "محمود": "mahmud mahmoud", "مصطفى": "mustafa mostafa", "ابراهيم": "ibrahim",
    "يوسف": "yusuf yousef youssef", "سعيد": "said saeed sa'id", "صالح": "salih saleh", "جمال": "jamal gamal",
    "كريم": "karim kareem", "رحمن": "rahman", "عزيز": "aziz", "قاسم": "qasim qasem kassem", "طارق": "tariq tarek",
    "فارس": "faris fares", "ناصر": "nasir nasser naser", "مجيد": "majid", "حميد": "hamid", "رشيد": "rashid rasheed",
    "فيصل": "faisal faysal", "سليمان": "sulayman suleiman sulaiman", "موسى": "musa", "عيسى": "isa issa",
    "داود": "dawud daoud", "هاشم": "hashim hashem", "جعفر": "jafar ja'far", "رضا": "reza rida", "مهدي": "mahdi mehdi",
    "اكبر": "akbar", "مراد": "murad morad", "نور": "nur noor", "دين": "din dine", "زين": "zayn zain", "سيف": "saif",
    "عباس": "abbas", "انور": "anwar", "خليل": "khalil", "بكر": "bakr", "ملا": "mullah", "حاجي": "haji hajji",
    "عمار": "ammar", "زيد": "zayd zaid", "سعد": "saad sa'd sa'ad", "فهد": "fahd", "ماهر": "mahir maher",
    "بشار": "bashar",
}  # fmt: skip
_ARABIC = {spelling: name for name, spellings in ARABIC_NAMES.items() for spelling in spellings.split()}
_FIRST = {"a": "ا", "e": "ا", "i": "اي", "o": "او", "u": "او"}

_HAN = """
    ai:爱 an:安 ba:巴 bai:白 ban:班 bao:宝 bei:贝 ben:本 bin:斌 bing:兵 bo:波 cai:蔡 cao:曹 chang:常 chao:超
    chen:陈 cheng:成 chi:池 chong:崇 chu:楚 chuan:川 chun:春 cui:崔 da:大 dai:戴 dan:丹 dao:道 de:德 deng:邓
    di:迪 ding:丁 dong:东 dou:窦 du:杜 fa:发 fan:范 fang:方 fei:飞 feng:冯 fu:福 gang:刚 gao:高 ge:葛 geng:耿
    gong:龚 gu:顾 guan:关 guang:光 gui:贵 guo:郭 hai:海 han:韩 hang:航 hao:浩 he:何 heng:恒 hong:红 hou:侯
    hu:胡 hua:华 huai:怀 huan:欢 huang:黄 hui:辉 huo:霍 ji:吉 jia:佳 jian:建 jiang:江 jiao:焦 jie:杰 jin:金
    jing:静 jiu:九 ju:菊 juan:娟 jun:军 kai:凯 kang:康 ke:柯 kong:孔 kun:坤 lai:赖 lan:兰 lang:朗 lei:雷 li:李
    lian:连 liang:梁 liao:廖 lin:林 ling:玲 liu:刘 long:龙 lou:娄 lu:鲁 luo:罗 ma:马 mao:毛 mei:梅 meng:孟
    mi:米 miao:苗 min:敏 ming:明 mo:莫 mu:木 na:娜 nan:南 ni:倪 nian:年 ning:宁 niu:牛 pan:潘 pei:裴 peng:彭
    ping:平 qi:齐 qian:钱 qiang:强 qiao:乔 qin:秦 qing:青 qiu:邱 quan:权 ran:冉 ren:任 rong:荣 ru:如 rui:瑞
    run:润 sen:森 shan:山 shang:尚 shao:邵 shen:沈 sheng:生 shi:石 shou:寿 shu:书 shuai:帅 shuang:双 shun:顺
    si:思 song:宋 su:苏 sui:隋 sun:孙 tai:泰 tan:谭 tang:唐 tao:陶 tian:田 tie:铁 ting:婷 tong:童 wan:万
    wang:王 wei:伟 wen:文 wu:吴 xi:习 xia:夏 xian:贤 xiang:向 xiao:小 xie:谢 xin:新 xing:兴 xiong:雄 xiu:秀
    xu:徐 xuan:轩 xue:雪 xun:勋 ya:亚 yan:严 yang:杨 yao:姚 ye:叶 yi:易 yin:尹 ying:英 yong:勇 you:尤 yu:余
    yuan:袁 yue:岳 yun:云 zai:在 zao:早 ze:泽 zeng:曾 zhan:詹 zhang:张 zhao:赵 zhen:珍 zheng:郑 zhi:志
    zhong:中 zhou:周 zhu:朱 zhuang:庄 zi:子 zong:宗 zou:邹 zu:祖 zuo:左
"""
HAN = dict(pair.split(":") for pair in _HAN.split())
"""A common character for each syllable of pinyin."""


def cyrillic(text: str) -> str:
    return _spelled(text, CYRILLIC, FORMS["cyrillic"])


def greek(text: str) -> str:
    written = _spelled(text, GREEK, FORMS["greek"])
    return re.sub(r"σ(?!\w)(?!\.)", "ς", written)


def arabic(text: str) -> str:
    text = re.sub(r"\b(al|el|ul)[- ](?=\w)", "AL", text.lower())
    return re.sub(r"[^\W_]+(?:'\w+)*", lambda word: _arabic(word[0]), text.replace("`", "'").replace("-", " "))


def _arabic(word: str) -> str:
    article, plain = ("ال", word[2:]) if word.startswith("AL") else ("", word.lower())
    if plain in _ARABIC:
        return article + _ARABIC[plain]
    if plain in FORMS["arabic"]:
        return FORMS["arabic"][plain]
    if found := re.fullmatch(r"abd(?:ou|[aeou])l?(\w{3,})", plain):
        return f"عبد ال{_arabic(found[1])}"
    if found := re.fullmatch(r"(\w{2,}?)[aeiu]?d?din", plain):
        return f"{_arabic(found[1])} الدين"
    first = _FIRST.get(plain[0], "")
    rest = plain[bool(first) :].replace("'", "ع")
    return article + first + _spelled(rest, ARABIC, {})


def han(text: str) -> str:
    """A name of pinyin syllables in Han, family name first; "" for any other."""
    last, _, first = text.partition(",")
    found = [_syllables(word) for word in re.findall(r"[a-z]+", f"{last} {first}".lower().replace("'", ""))]
    whole = all(found) and 1 < sum(map(len, found)) < 5 and text.count(",") == 1
    return "".join(HAN[each] for word in found for each in word) if whole else ""


def _syllables(word: str) -> list[str]:
    """Pinyin syllables of a word, the longest first; none if it is not made of them."""
    for size in range(min(6, len(word)), 0, -1):
        if word[:size] in HAN:
            if size == len(word):
                return [word]
            if rest := _syllables(word[size:]):
                return [word[:size], *rest]
    return []


def _spelled(text: str, letters: dict[str, str], forms: dict[str, str]) -> str:
    """The text in another script, the longest spelling first; forms as a whole."""
    low = text.lower()
    for form, written in forms.items():
        low = re.sub(rf"(?<![\w.]){re.escape(form)}(?![\w])", written, low)
    low = re.sub(r"(?<=[a-z])([a-z])\1|c(?=[eiy])", lambda found: found[1] or "s", low)
    out, at = [], 0
    while at < len(low):
        size = next((size for size in (4, 3, 2, 1) if low[at : at + size] in letters), 0)
        out.append(letters[low[at : at + size]] if size else low[at])
        at += size or 1
    return "".join(out)
