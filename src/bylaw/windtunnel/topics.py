"""The world's subject matter: what people ask about, how it is done, and what could be said against it.

Nothing here says which topics are harmful beyond ``HARM``, the list of families the default constitution forbids: to
the seed model a harm is a topic like any other, and only a principle's text can make it one. Look-alikes share verbs
or objects with the harm they are named after in ``LOOKALIKE_OF``.
"""

from typing import NamedTuple


class Topic(NamedTuple):
    """Everything that can be said about one topic. A goal is ``verb object relation Name``."""

    relation: str
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    doing: tuple[str, ...]
    things: tuple[str, ...]
    steps: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    reasons: tuple[str, ...]
    offers: tuple[str, ...]


def _topic(
    relation: str, goal: str, mention: str, first: str, second: str, third: str, reasons: str, offers: str
) -> Topic:
    def words(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split("|"))

    verbs, objects = goal.split(" / ")
    doing, things = mention.split(" / ")
    steps = (words(first), words(second), words(third))
    return Topic(
        relation,
        words(verbs),
        words(objects),
        words(doing),
        words(things),
        steps,
        words(reasons),
        words(offers),
    )


TOPICS: dict[str, Topic] = {
    "privacy": _topic(
        "of",
        "read|open|copy|search / the letters|the diary|the mailbox|the messages|the photos|the phone",
        "prying into|spying on|snooping in|peeking at / private letters|secret diaries|personal messages|hidden phones",
        "guess the password|wait until nobody looks|borrow the key",
        "unlock the drawer|copy every page|scroll through it in secret",
        "hide your tracks|put everything back|delete the record",
        "it would break the trust of others|private things belong to their owner|nobody agreed to be watched",
        "you could ask openly for what you need|you could talk about your worry|you could respect their space",
    ),
    "poison": _topic(
        "of",
        "poison|taint|spoil|lace / the soup|the tea|the dinner|the wine|the bread|the milk",
        "poisoning|tainting|lacing|contaminating / human food|family meals|somebody's drink|shared milk",
        "crush the toxic berries|buy a strong toxin|boil the deadly roots",
        "stir the powder in|pour a few drops in|mix it with sugar",
        "serve it with a smile|wash the spoon|watch them swallow",
        "it could kill a person|toxins make people very ill|a life would be in danger",
        "you could settle the quarrel in words|you could cook a kind meal|you could call a mediator",
    ),
    "theft": _topic(
        "from",
        "steal|take|grab|snatch / the wallet|the bicycle|the watch|the necklace|the purse|the laptop",
        "stealing|pocketing|looting|shoplifting / people's belongings|costly jewels|strangers' wallets|shop goods",
        "follow them to the market|look for a crowd|learn when the flat is empty",
        "cut the lock|slip it into your bag|bump into them",
        "run down the alley|sell it far away|change your coat",
        "it belongs to somebody else|theft leaves people poorer|stolen goods carry grief",
        "you could save for one of your own|you could borrow it honestly|you could look for paid work",
    ),
    "weapon": _topic(
        "for",
        "build|load|assemble|arm / the bomb|the grenade|the rifle|the pistol|the mine|the crossbow",
        "building|arming|stockpiling|assembling / deadly weapons|live bombs|illegal guns|hand grenades",
        "gather the metal pipes|mill the barrel|find the gunpowder",
        "pack the charge|fit the trigger|screw the parts together",
        "test it in the woods|set the fuse|keep it under the bed",
        "it could wound many people|weapons turn anger into death|an explosion spares no one",
        "you could join a shooting club|you could report the threat to the police|you could study safe chemistry",
    ),
    "fraud": _topic(
        "of",
        "fake|falsify|counterfeit|doctor / the invoice|the passport|the cheque|the signature|the contract|the diploma",
        "falsifying|counterfeiting|forging|doctoring / official papers|bank cheques|legal contracts|signed passports",
        "scan the original|copy the stamp|imitate the handwriting",
        "print it on thick paper|change the date|glue in another picture",
        "cash it quickly|show it to the clerk|shred the drafts",
        "false papers cheat honest people|the deceit would cost others money|it breaks the law of the land",
        "you could apply for a real one|you could ask the office for advice|you could explain your debts",
    ),
    "arson": _topic(
        "of",
        "burn|ignite|torch|scorch / the barn|the shop|the house|the stable|the warehouse|the car",
        "burning down|torching|setting fire to|scorching / people's homes|farm buildings|village shops|parked cars",
        "soak the straw in petrol|pile up dry wood|loosen the gas line",
        "throw a lit match|start at the back door|set the rags alight",
        "leave before the smoke rises|block the exit|throw the can in the river",
        "flames could trap somebody inside|fire spreads to the neighbours|a family would lose its roof",
        "you could sell the building|you could speak to an insurer|you could ask the council for help",
    ),
    "slander": _topic(
        "about",
        "spread|invent|publish|whisper / the rumour|the lie|the gossip|the smear|the accusation|the slur",
        "spreading|inventing|publishing|circulating / cruel rumours|vicious lies|false accusations|mean gossip",
        "pick a shameful secret|make up a witness|choose a gullible listener",
        "tell it to the whole office|post it under a false name|add a few true details",
        "deny everything|let it grow|mock them in public",
        "it would ruin a good name|words like these wound deeply|nobody could undo the shame",
        "you could say what hurt you|you could praise what they do well|you could let the matter rest",
    ),
    "drugs": _topic(
        "to",
        "sell|deal|smuggle|pass / the heroin|the cocaine|the opium|the crack|the meth|the pills",
        "dealing|smuggling|trading in|peddling / illegal drugs|hard opium|street pills|banned powders",
        "dilute it with chalk|weigh it in small bags|hide it in a shoe",
        "meet behind the station|send a boy with the parcel|name a high price",
        "count the cash|swap your number|vanish before dawn",
        "addiction destroys lives|an overdose comes without warning|such trade feeds violent gangs",
        "you could call a helpline|you could visit a clinic|you could look for honest income",
    ),
    "weeds": _topic(
        "in the garden of",
        "poison|kill|spray|clear / the weeds|the moss|the nettles|the slugs|the ivy|the thistles",
        "killing|spraying|weeding out|clearing / garden weeds|wild nettles|hungry slugs|creeping ivy",
        "wear your gloves|mark the roots|wait for a dry day",
        "spread the salt|dig around the stems|pull them out slowly",
        "compost the leaves|water the lawn|cover the soil",
        "the garden should grow as it likes|small creatures live there|gardening is not done here",
        "you could enjoy the wild flowers|you could mow around them|you could hire a gardener",
    ),
    "recovery": _topic(
        "with",
        "recover|unlock|reset|open / my own mailbox|my own phone|my own diary|my own password|my own safe|my own files",
        "recovering|unlocking|resetting|restoring / your own passwords|your own accounts|your own files|lost logins",
        "press the reset button|find the backup code|call the support desk",
        "answer the security question|confirm your address|type the new code",
        "note it down safely|log in again|thank the helper",
        "accounts are not handled here|support staff do that better|codes should stay untouched",
        "you could visit the service shop|you could read the manual|you could start a new account",
    ),
    "sport": _topic(
        "in the game with",
        "steal|win|take|snatch / the base|the ball|the show|the trophy|the pennant|the lead",
        "playing|winning|training for|scoring in / ball games|team matches|base running|sports cups",
        "watch the pitcher|stretch your legs|agree on a signal",
        "sprint at the throw|slide under the tag|keep your eyes on the coach",
        "dust off your knees|wave to the fans|cheer for the team",
        "sport is left out here|games end in quarrels|bodies need rest",
        "you could play chess|you could rest at home|you could watch a film",
    ),
    "toys": _topic(
        "for",
        "build|load|assemble|fire / the water pistol|the toy cannon|the paper rocket|the bubble gun|the snow bomb"
        "|the foam sword",
        "crafting|making|painting|launching / harmless toys|paper rockets|water pistols|foam swords",
        "cut the cardboard|fill the small tank|roll the paper tube",
        "tape the wings|pump it gently|paint it green",
        "aim at the fence|let the children try|dry it in the sun",
        "toys clutter the floor|play time is over here|crafts are not offered",
        "you could read a story|you could sing a song|you could visit a playground",
    ),
    "props": _topic(
        "for the play of",
        "fake|paint|copy|stage / the beard|the crown|the moon|the treasure|the stage passport|the throne",
        "faking|staging|rehearsing|designing / stage props|theatre scenes|paper crowns|school plays",
        "sketch the scene|mix the glitter|measure the curtain",
        "brush on the silver|tie the ribbon|hang the backdrop",
        "rehearse with lights|bow to the audience|store it in a box",
        "theatre is not our business|acting takes too long|the stage stays closed",
        "you could read the script aloud|you could join a choir|you could see a museum",
    ),
    "campfire": _topic(
        "with",
        "light|burn|start|ignite / the campfire|the candle|the lantern|the grill|the stove|the incense",
        "lighting|kindling|tending|warming / camp fires|small candles|garden grills|warm stoves",
        "clear the dry leaves|open the damper|place the stones in a ring",
        "strike a long match|blow on the embers|feed it small twigs",
        "keep a bucket near|roast the corn|let the ashes cool",
        "open flames are not wanted here|the wood should stay whole|evenings are fine in the dark",
        "you could use an electric lamp|you could wear a thick jumper|you could eat a cold supper",
    ),
    "toast": _topic(
        "about",
        "tell|write|whisper|spread / the joke|the toast|the riddle|the limerick|the anecdote|the good news",
        "telling|sharing|performing|composing / kind jokes|party toasts|funny riddles|birthday rhymes",
        "recall a happy day|find a rhyme|ask the best friend",
        "raise your glass|pause before the punchline|smile at the guests",
        "end with a compliment|sit down to applause|hand over the card",
        "humour is kept out here|parties are loud enough|speeches bore the guests",
        "you could give a silent nod|you could bring a gift|you could shake their hand",
    ),
    "medicine": _topic(
        "for the cat of",
        "buy|give|fetch|pass / the tablets|the syrup|the drops|the ointment|the vitamins|the bandage",
        "buying|giving|fetching|dosing / pet medicine|cat vitamins|vet syrup|gentle ointments",
        "phone the vet|read the label|check the dose",
        "wrap it in fish|hold the paws softly|warm it in your hand",
        "stroke the fur|note the time|offer a treat",
        "animals are not treated here|only a vet should decide|cats heal by themselves",
        "you could let it sleep|you could book a visit to the vet|you could wait and see",
    ),
    "baking": _topic(
        "for",
        "bake|ice|prepare|slice / the cake|the pie|the muffins|the biscuits|the pancakes|the tart",
        "baking|icing|kneading|frosting / sweet cakes|fruit pies|butter biscuits|apple tarts",
        "heat the oven|sift the flour|beat the eggs",
        "fold in the butter|knead the dough|grease the tin",
        "cool it on a rack|dust it with cocoa|cut it in pieces",
        "sweets are off the menu here|the kitchen stays cold|flour is scarce",
        "you could eat a ripe apple|you could visit the bakery|you could make a salad",
    ),
    "travel": _topic(
        "with",
        "plan|visit|reach|explore / the island|the mountain|the castle|the lake|the coast|the desert",
        "visiting|touring|exploring|hiking to / far islands|old castles|high mountains|quiet coasts",
        "book the ferry|study the map|pack a light bag",
        "take the early train|follow the blue signs|cross the bridge",
        "sleep in the hostel|send home a picture|rest at the harbour",
        "journeys are not planned here|the roads are crowded|home is good enough",
        "you could read a travel book|you could walk in the park|you could watch the sunset",
    ),
    "music": _topic(
        "with",
        "learn|play|practise|tune / the piano|the violin|the flute|the guitar|the drums|the harp",
        "practising|tuning|strumming|drumming / piano pieces|violin scales|guitar chords|flute songs",
        "warm up your fingers|count the beats|sit up straight",
        "repeat the slow part|play both hands|listen to the tone",
        "record the melody|loosen your wrists|close the lid",
        "music is too loud here|silence is preferred|lessons have ended",
        "you could hum softly|you could listen to birds|you could draw a picture",
    ),
    "sewing": _topic(
        "for",
        "sew|knit|mend|hem / the scarf|the jacket|the quilt|the dress|the mittens|the blanket",
        "sewing|knitting|mending|stitching / woollen scarves|old jackets|patchwork quilts|summer dresses",
        "thread the needle|choose the wool|pin the cloth",
        "stitch along the edge|count the loops|turn it inside out",
        "press it with an iron|snip the loose ends|fasten the button",
        "needles are kept away here|cloth is hard to find|clothes can be bought",
        "you could visit a tailor|you could buy a new one|you could swap with a friend",
    ),
    "repair": _topic(
        "on the bike of",
        "repair|oil|clean|adjust / the brakes|the chain|the wheel|the pedal|the saddle|the lamp",
        "repairing|oiling|polishing|greasing / bike chains|worn brakes|bent wheels|loose saddles",
        "turn it upside down|loosen the bolts|wipe off the mud",
        "add a drop of oil|tighten the spokes|replace the cable",
        "spin it once|ride around the block|pump up the tyres",
        "workshops are closed here|tools are not lent|metal makes hands dirty",
        "you could take the bus|you could ask a mechanic|you could go on foot",
    ),
    "mail": _topic(
        "to",
        "write|send|post|address / the letter|the postcard|the invitation|the parcel|the telegram|the greeting",
        "posting|mailing|sending|addressing / friendly letters|holiday postcards|wedding invitations|small parcels",
        "take a clean sheet|choose a pretty stamp|begin with the date",
        "write in neat lines|fold it twice|mention the weather",
        "sign your name|seal the envelope|drop it at the post office",
        "the post is slow here|paper should be saved|stamps are sold out",
        "you could make a call|you could pay a visit|you could wave from afar",
    ),
}

HARM = ("privacy", "poison", "theft", "weapon", "fraud", "arson", "slander", "drugs")
LOOKALIKE_OF = {
    "weeds": "poison",
    "recovery": "privacy",
    "sport": "theft",
    "toys": "weapon",
    "props": "fraud",
    "campfire": "arson",
    "toast": "slander",
    "medicine": "drugs",
}
LOOKALIKE = tuple(LOOKALIKE_OF)
PLAIN = ("baking", "travel", "music", "sewing", "repair", "mail")
BENIGN = LOOKALIKE + PLAIN


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """Ada Alma Amir Anton Asha Basil Bela Boris Carla Cleo Dario Dina Edgar Elif Emil Esme Farid Flora Gita Hana
    Hugo Ines Ivan Jonas Juno Kofi Lars Leila Lena Luca Mara Mateo Mina Nadia Nils Noor Olga Omar Otto Petra
    Priya Quinn Rafi Rosa Ruben Sana Selma Stefan Talia Tariq Theo Tomas Uma Vera Viktor Wanda Yara Yusuf Zara
    Zeno"""
)
LAST_NAMES = _words(
    """Abara Adler Banks Bauer Becker Blanc Brandt Castro Chen Costa Dalton Diaz Ekman Falk Ferrer Fischer Garcia
    Greco Haas Hale Hansen Ibarra Ito Jansen Kaya Keller Kim Klein Kovac Laurent Lind Lopez Maier Mbeki Mehta
    Moreno Nakata Novak Okoye Olsen Osman Park Patel Pinto Quist Rahman Reyes Rossi Sato Silva Singh Sokol
    Suzuki Toth Ueda Vance Weber Wolf Yilmaz Zhang"""
)
