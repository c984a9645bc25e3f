"""Pain and blood that make an emergency unless the text says that it is slight, and what says so."""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

PAIN: tuple[Rule, ...] = (
    Rule(
        "mouth_injured",
        0.7,
        r"<boca>..3 (?:negr[oa]|abiert[oa]|colgando|morad[oa]"
        r"|cortad[oa]|lastimad[oa]|clavad[oa]|expuest[oa]|destrozad[oa])"
        r"|nervio..3 (?:aire|expuesto|vista)|(?:clav|quem|lastim)\w+..4 <boca>",
        unless=r"bo(?:ca|cas) abierta|cepillo",
    ),
    Rule(
        "tooth_torments",
        0.8,
        r"<diente>..4 (?:mata\w*|volviendo loc[oa]|tortura\w*)|(?:mata|matando)..3 <diente>|tiene loc[oa]",
    ),
    Rule(
        "tooth_hurts",
        0.7,
        r"(?:me|le|nos|les|te) (?:esta |estan |sigue |siguen )?(?:duele\w*|doliendo)(?! (?:mucho |tanto "
        r"|bastante )?<elsewhere>)",
        unless=r"<will_it_hurt>|si (?:me|le) duele..2 (?:que|puedo|tomo|hay)|duelen? menos",
    ),
    Rule(
        "has_pain",
        0.7,
        r"(?:tengo|tiene|estoy con|esta con|siento|siente|traigo|trae|sigo con|ando con|llevo|con)..4 dolor\w*",
    ),
    Rule(
        "mentions_pain",
        0.65,
        r"dolor(?:es)?(?! de (?:cabeza|panza|estomago|espalda|garganta))",
        unless=(
            r"(?:suegr\w+|jef\w+|bolsillo|es|eres) (?:es )?un dolor de muelas|dolor del bolsillo|tuve|tenia|dolia"
            r"|dolio|(?:da|dan|produce|causa|habra|hay|quita|para el|calmar|calma|sin|especialista en)..2 dolor"
        ),
    ),
    Rule(
        "gum_swollen",
        0.7,
        r"encias?..3 (?:hinch\w+|inflam\w+)|(?:hinch\w+|inflam\w+)..4 (?:encias?|boca)",
    ),
    Rule(
        "is_bleeding",
        0.7,
        r"sangrado (?:tras|despues|post|en|de)|(?:esta|estoy|estan|sigo|sigue|anda)..1 sangrando|(?:me"
        r"|le) sangra..2 (?:boca|herida|donde)",
    ),
    Rule(
        "blood",
        0.7,
        r"sangre",
        unless=r"(?:analisis|examen|muestra|presion|donar|tipo)..2 sangre",
    ),
    Rule(
        "numb",
        0.6,
        r"no siento..3 (?:lengua|labio|cara|boca)",
        negatable=False,
    ),
)

# Said together with pain, these make it something to look at, not an emergency.
SLIGHT: tuple[Rule, ...] = (
    Rule("not_ours", 1, r"<not_ours>", negatable=False),
    Rule(
        "slight",
        1,
        r"un (?:po(?:co|quito|quitin)|pelin|tantito|cachito)|poquito|poquitito|tantito|apenas|leve\w*|algo de",
        negatable=False,
    ),
    Rule(
        "discomfort",
        1,
        r"molestias?|incomod\w+|sensib\w+",
        negatable=False,
    ),
    Rule(
        "sometimes",
        1,
        r"a veces|de vez en cuando|cada tanto|de repente",
        negatable=False,
    ),
    Rule(
        "only_when",
        1,
        r"(?:solo |cuando |si |al )(?:me )?(?:como|tomo|bebo|muerdo|mastico|cepillo|comer|tomar|morder"
        r"|masticar|cepillarme|mastique|coma|tome|aprieto|come|toma|muerde|mastica)|con (?:el |lo )?(?:frio"
        r"|dulce|calor|caliente)",
        negatable=False,
    ),
    Rule(
        "over",
        1,
        r"no es..2 (?:urgencia|urgente|emergencia|grave)|sin urgencia|ya no(?! (?:se|aguant\w+|soport\w+|pued\w+"
        r"|doy|resist\w+|duerm\w+|tomo|hay))"
        r"|no (?:me |nos )?(?:da guerra"
        r"|molesta)|ya (?:se me |me |se )?paso|se me paso|ya estoy (?:bien"
        r"|mejor)|no (?:me )?duele",
        negatable=False,
    ),
    Rule(
        "a_question",
        1,
        r"es normal que..3 duela|duele..3 (?:el|la|los|las|un|una) (?:endodoncia|implante|blanqueamiento"
        r"|extraccion|anestesia|limpieza|ortodoncia|brackets)",
        negatable=False,
    ),
)
