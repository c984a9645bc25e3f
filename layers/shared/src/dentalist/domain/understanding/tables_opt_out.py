"""What withdraws consent.

A lone keyword must be the whole message; the other rules must speak of messages, not of appointments.
"""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

KEYWORDS = frozenset(
    {
        "alto", "baja", "bajaa", "bajame", "spam", "es spam", "parad", "paren", "basta ya", "stop ya", "eliminame",
        "eliminenme", "bajas", "basta", "cancelar suscripcion", "desuscribir", "desuscribirme",
        "desuscripcion", "end", "estop", "la baja", "no mas", "opt out", "optout", "parar", "quit",
        "remover", "s t o p", "sair", "salir", "stop", "stop all", "stop promo", "stopp", "una baja",
        "unsubscribe", "vaja",
    }
)  # fmt: skip
COURTESY = frozenset(
    {
        "buen", "buenas", "dia", "dias", "favor", "gracias", "grax", "hola", "muchas", "ok", "please",
        "pls", "por", "porfa", "porfavor", "quiero", "saludos", "tardes", "xfa", "ya",
    }
)  # fmt: skip

# Who wants the messages, though the words are those of an opt-out.
KEEPS_MESSAGES: tuple[Rule, ...] = (
    Rule(
        "keeps_messages",
        0.9,
        r"no (?:quier\w+|quisiera|deseo) (?:dejar|que (?:me )?dejen) de|(?:sigan?|sigue|segui"
        r"|seguid)(?:me)? (?:<escribir>)",
        unless=r"(?:no|me|nos|si|les)(?: me)? sig\w+|por que|bloque\w+|baja",
        negatable=False,
    ),
    Rule(
        "wants_them_again",
        0.9,
        r"volv\w+ a (?:mand|escrib|envi|avis|recib)\w+",
        unless=r"no (?:me |nos )?(?:volv|vuelv)\w+|basta|baja|stop|que (?:me )?volv\w+",
    ),
)

OPT_OUT: tuple[Rule, ...] = (
    Rule(
        "no_more_writing",
        0.95,
        r"(?:no|nunca|tampoco|ya no|dej\w+) (?:me |nos |le |les |volver a |vuelvan a "
        r"|vuelva a )*(?:<escribir>)..3 mas|(?:no|nunca) mas (?:me |nos )?(?:<escribir>)",
        unless=r"<another_way>|paso|pasa|mas de (?:un|una|uno|dos)",
        negatable=False,
    ),
    Rule(
        "do_not_send",
        0.95,
        r"(?:no|ya no|nunca)..1 (?:me |nos )?(?:<escribir>)..4 (?:<publicidad>|nada|mas (?:cosas|esto|nada))"
        r"|de no (?:me )?(?:<escribir>)..4 (?:<publicidad>|mas)|(?:no|ya no) (?:me |nos )?(?:escriban|molesten"
        r"|contacten)",
        unless=(
            r"<another_way>|no (?:se )?(?:me|le) (?:pas\w+|calma)|no me (?:llego|llegaron|llega|mandaron|enviaron"
            r"|mando|paso|pasaron|mandaste)"
            r"|no me (?:mand|envi|pas)\w+ (?:el|los|un|mas) (?:audios?|videos?|fotos?|ubicacion|pdf)"
            r"|(?:por que|hace)..4 no (?:me|nos) (?:mandan|envian|llegan|escriben|mandas|avisan)"
        ),
        negatable=False,
    ),
    Rule(
        "does_not_want_messages",
        0.95,
        r"(?:no|ya no|tampoco) (?:quier\w+|deseo|dese\w+|queremos|necesito|me interesa|quisiera"
        r"|autorizo)..1 (?:(?:seguir )?recib\w+|mas (?:<publicidad>|nada de ustedes|esto)|que (?:me "
        r"|nos )?(?:sig\w+ )?(?:<escribir>|llegando)|(?:<publicidad>))|no (?:seguir )?recibir..2 (?:<publicidad>)"
        r"|no autorizo..4 (?:<publicidad>|datos|contact\w+)",
        unless=r"(?:recib\w+|autorizo|necesito|me interesa|quiero)(?: mas)?(?: (?:la|el|los|las|una|un|ningun"
        r"|ninguna))? (?:<clinical>)",
        negatable=False,
    ),
    Rule(
        "stop_sending",
        0.95,
        r"(?:dej\w+|par(?:en|a|e|ad)|basta|cort\w+|terminen|ces\w+)(?: ya)?(?: de| con)(?: estar| seguir)?(?: los"
        r"| las| tanto"
        r"| tantos| sus)? (?:escrib\w+|mand\w+|envi\w+|molest\w+|joder|contact\w+|spam\w*|fastidi\w+|romper"
        r"|acos\w+|insistir|llenar\w*|<publicidad>)",
        unless=r"deja\w* de (?:sangr\w+|doler)|mand\w+ (?:el menu|opciones|audios?)",
    ),
    Rule(
        "unsubscribe_me",
        0.95,
        r"(?:dar\w*|dame|dadme|deme|denme|den|dese|quiero|pido|solicito|deseo|pedir|tramitar)..3 baja",
        unless=(
            r"baja..2 (?:convenio|posnet|servicio|linea|cuenta|seguro|prepaga|obra|abono|plan|internet|medica"
            r"|laboral|eps|isapre)"
            r"|(?:baja|stop)..5 (?:turnos?|citas?|horas?|consulta|reserva|paciente|dia|<weekday>)"
            r"|no quiero que me den"
        ),
    ),
    Rule(
        "not_on_the_list",
        0.95,
        r"(?:no|ya no) (?:quiero|deseo|quisiera|me interesa) (?:seguir|estar|continuar|figurar|aparecer"
        r"|ser parte)..3 (?:listas?"
        r"|base|grupo|difusion\w*|<publicidad>|novedades|envios|cadena)",
        negatable=False,
    ),
    Rule(
        "never_write",
        0.9,
        r"no (?:quiero que |deseo que |hace falta que )?(?:me |nos )(?:\w+ a )?(?:escrib(?:an|as|a|ais|ir)"
        r"|mand(?:en|es|e|eis|ar)|envi(?:en|es|e|eis|ar)|contact(?:en|es|e|eis|ar)|molest(?:en|es|e|eis|ar)"
        r"|llam(?:en|es|e) mas)",
        unless=(
            r"<another_way>|olvid\w+|dud\w+|presupuesto|factura|resultados?|ubicacion|fotos?|audios?|hoy"
            r"|todavia|aun"
        ),
        negatable=False,
    ),
    Rule(
        "stop_receiving",
        0.9,
        r"(?:dejar|dejen|deje|dejame|parar|cesar) de..1 (?:recib\w+|enviar\w*|mandar\w*|escribir\w*"
        r"|contactar\w*|estar en)",
    ),
    Rule(
        "off_the_list",
        0.95,
        r"(?:borr|elimin|sac|saqu|quit|remov|remuev|retir|excluy|exclu|tach|salir|salgo|sali)\w*..5 (?:listas?"
        r"|base de datos|base|difusion|contactos?|grupo|numero|telefono|registros?|envios?|cadena"
        r"|<publicidad>)",
        unless=(
            r"lista (?:del? )?(?:<weekday>|hoy|manana|espera)|(?:borr|elimin|quit|sac)\w*..2 (?:turnos?|citas?"
            r"|horas?|muelas?)|sac\w+..2 (?:numero|turnos?)"
        ),
    ),
    Rule(
        "erase_me",
        0.9,
        r"(?:borr|elimin|saqu|sac|quit)(?:ame|enme|adme|eme|arme) ?(?:de (?:aca|aqui|ahi|esto|todo)|por favor"
        r"|ya)?(?= [.,?]|$)|(?:borr|elimin|sac|saqu|quit)\w* de (?:aca|aqui|ahi)",
    ),
    Rule(
        "too_many",
        0.85,
        r"(?:vale ya|par(?:en|enle|ad)|molest\w+|hart[oa] de|cansad[oa] de)..3 (?:mensaj\w+|publicidad"
        r"|promo\w*|whatsapps?|sms)|bloque\w+..5 (?:numero|siguen|insisten)"
        r"|(?:siguen|vuelven a|si) (?:escrib|mand)\w+..4 bloque\w+|tant[oa]s? (?:<publicidad>)"
        r"|me tienen hart[oa]|no insist\w+|paren|dej\w+ (?:en paz|tranquil[oa])"
        r"|cansad[oa] de (?:<publicidad>|que me (?:<escribir>))",
    ),
    Rule(
        "subscription",
        0.95,
        r"cancel\w+..2 (?:<publicidad>)|suscripcion|desuscri\w+|unsubscribe|opt out|stop messag\w+"
        r"|stop (?:texting|sending)",
    ),
    Rule(
        "no_more_noun",
        0.95,
        r"sin mas (?:<publicidad>)|(?:revoc|retir)\w*..3 (?:consentimiento|autorizacion)|no ser contactad\w+"
        r"|(?:<publicidad>)..1 no l[oa]s (?:quiero|deseo|necesito) mas|no me avisen mas|no (?:escribais"
        r"|manden|escriban|molesten)(?= [.,?]|$)|me doy de baja"
        r"|no (?:me )?interesa\w*..4 (?:<publicidad>)|remove (?:me|my number)|stop (?:texting|writing"
        r"|messaging)|nao quero mais..2 mensage\w+|par\w+ de..2 mandar|no mas (?:<publicidad>)"
        r"|basta de (?:<publicidad>)|stop (?:<publicidad>)",
        negatable=False,
    ),
)
