"""Secrets that say what they are: known prefixes of tokens, and keys that stand behind their name.

Prefixes and lengths are those that the issuers publish for secret scanning. Each pattern is tried only inside a long
run of letters, digits and the marks ``_ - / + .`` that ``scan`` has found, at the start of a word.
"""

import math
from collections import Counter

from bylaw.leak.kinds import Kind

_B64 = r"[A-Za-z0-9_-]"
_AN = r"[A-Za-z0-9]"
_END = r"(?![A-Za-z0-9_])"


def random_looking(text: str) -> bool:
    """Letters and digits mixed, with at least 3 bits a character: a word or a name is not a secret."""
    counts = Counter(text)
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    kinds = sum((any(map(str.isdigit, text)), any(map(str.islower, text)), any(map(str.isupper, text))))
    return bits >= 3.0 and kinds >= 2 and any(map(str.isdigit, text))


def _token(name: str, pattern: str) -> Kind:
    return Kind(name, "TOKEN", pattern + _END)


TOKENS: tuple[Kind, ...] = (
    _token("jwt", rf"eyJ{_B64}{{8,2000}}\.eyJ{_B64}{{8,8000}}(?:\.{_B64}{{0,2000}})?"),
    _token("github", rf"gh[pousr]_{_AN}{{30,255}}"),
    _token("github-fine-grained", r"github_pat_[A-Za-z0-9_]{36,255}"),
    _token("gitlab", rf"gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-{_B64}{{16,64}}(?:\.[0-9a-z.]{{1,40}})?"),
    _token("aws-access-key", r"A(?:KIA|SIA|BIA|CCA|ROA|IDA|GPA|NPA|IPA|PKA)[A-Z0-9]{9}(?!EXAMPLE)[A-Z0-9]{7}"),
    _token("aws-bedrock", r"ABSK[A-Za-z0-9+/]{40,300}={0,2}"),
    _token("openai", rf"sk-(?:proj-|svcacct-|admin-|None-)?{_B64}{{20,200}}"),
    _token("anthropic", rf"sk-ant-{_B64}{{20,200}}"),
    _token("openrouter", rf"sk-or-v1-{_AN}{{32,128}}"),
    _token("stripe", rf"(?:sk|rk|pk)_(?:live|test|prod)_{_AN}{{10,247}}"),
    _token("stripe-webhook", r"whsec_[A-Za-z0-9+/]{24,64}={0,2}"),
    _token("slack", rf"xox[abeoprs](?:\.xox[bp])?-{_B64}{{10,250}}"),
    _token("slack-app", rf"xapp-[0-9]-{_B64}{{20,250}}"),
    _token("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{20,90}"),
    _token("google-api", rf"AIza{_B64}{{35}}"),
    _token("google-oauth", rf"ya29\.{_B64}{{20,1000}}"),
    _token("google-oauth-secret", rf"GOCSPX-{_B64}{{20,40}}"),
    _token("hugging-face", r"(?:hf|api_org)_[A-Za-z]{30,40}|hf_[A-Za-z0-9]{30,40}"),
    _token("npm", rf"npm_{_AN}{{36}}"),
    _token("pypi", rf"pypi-{_B64}{{50,1000}}"),
    _token("sendgrid", rf"SG\.{_B64}{{16,32}}\.{_B64}{{16,64}}"),
    _token("mailgun", r"key-[0-9a-z]{32}"),
    _token("mailchimp", r"[0-9a-f]{32}-us[0-9]{1,2}"),
    _token("twilio", r"(?:SK|AC)[0-9a-f]{32}"),
    _token("digitalocean", r"do[opr]_v1_[0-9a-f]{64}"),
    _token("shopify", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _token("square", rf"(?:sq0(?:atp|csp|idp)-{_B64}{{22,43}}|EAAA{_B64}{{56,64}})"),
    _token("facebook", rf"EAA[A-Z]{_AN}{{60,300}}"),
    _token("docker-hub", rf"dckr_(?:pat|oat)_{_B64}{{20,60}}"),
    _token("databricks", r"dapi[0-9a-f]{32}(?:-[0-9])?"),
    _token("grafana", r"gl(?:sa|c)_[A-Za-z0-9_]{32,400}"),
    _token("new-relic", r"NRAK-[A-Z0-9]{27}|NRJS-[0-9a-f]{19}"),
    _token("postman", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _token("linear", rf"lin_(?:api|oauth)_{_AN}{{32,64}}"),
    _token("notion", rf"(?:ntn_{_AN}{{40,50}}|secret_{_AN}{{43}})"),
    _token("rubygems", r"rubygems_[0-9a-f]{48}"),
    _token("crates-io", rf"cio{_AN}{{32}}"),
    _token("vault", rf"(?:hv[sbr]\.{_B64}{{24,300}}|s\.{_AN}{{24}})"),
    _token("terraform", rf"{_AN}{{14}}\.atlasv1\.{_B64}{{60,70}}"),
    _token("doppler", rf"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?{_AN}{{40,44}}"),
    _token("atlassian", r"AT(?:ATT|CTT|BB)[A-Za-z0-9+/=_-]{28,300}"),
    _token("sentry", r"sntry[su]_[A-Za-z0-9+/=_]{40,400}"),
    _token("figma", rf"fig(?:d|o|u|or)_{_B64}{{36,60}}"),
    _token("airtable", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _token("supabase", r"sb(?:p|_secret|_publishable)_[A-Za-z0-9_-]{20,60}"),
    _token("planetscale", rf"pscale_(?:tkn|pw|oauth)_{_B64}{{32,64}}"),
    _token("groq", rf"gsk_{_AN}{{40,60}}"),
    _token("replicate", rf"r8_{_AN}{{37,40}}"),
    _token("xai", rf"xai-{_AN}{{60,100}}"),
    _token("perplexity", rf"pplx-{_AN}{{40,60}}"),
    _token("nvidia", rf"nvapi-{_B64}{{50,80}}"),
    _token("discord", rf"[MNO]{_B64}{{23,27}}\.{_B64}{{6}}\.{_B64}{{27,40}}"),
    _token("age", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    _token("1password", rf"ops_eyJ{_B64}{{100,1500}}"),
    _token("artifactory", rf"(?:AKCp[0-9]{_AN}{{59,69}}|cmVmd{_AN}{{59}})"),
    _token("vercel", rf"(?:vcp|vci|vca|vcr|vck)_{_AN}{{24,64}}"),
    _token("render", rf"rnd_{_AN}{{28,40}}"),
    _token("flyio", r"fm[12][ar]?_[A-Za-z0-9+/=_,-]{80,1000}"),
    _token("azure-ad-secret", r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
)

NAMED_SECRET = Kind("named-secret", "TOKEN", rf"(?<![+/=_-])[A-Za-z0-9+/_-]{{20,128}}={{0,2}}{_END}", random_looking)
"""What no prefix tells: a random-looking string right behind a name such as ``api_key =``."""

NAMES = (
    r"[\"'`]?+\s{0,3}+(?:si|=:?|:|>=)?+\s{0,3}+[\"'\w]{0,24}"
    r"(?:terces|nekot|rowssap|dwssap|yek[_ -]?(?:ipa|ssecca|htua)|reraeb|laitnederc)"
)
"""That name, as it stands in the lower-case text before the string, read backwards from there."""
