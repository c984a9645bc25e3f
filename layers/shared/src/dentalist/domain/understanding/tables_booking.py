"""What asks for an appointment."""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

BOOK: tuple[Rule, ...] = (
    Rule(
        "wants_appointment",
        0.85,
        r"<quiero>(?: sacar| pedir| tener)?(?: un| una| otro| otra| el| la| los| mi)? (?:<turno>)",
        unless=r"<quiero>..3 (?:la|el|mi) (?:hora|turno|cita) (?:que|para otr)|saber..4 hora",
    ),
    Rule(
        "arrange_appointment",
        0.85,
        r"(?:<agendar>)..3 (?:<turno>)",
        unless=r"(?:de|la) baja|recordar la hora|ya me (?:atend|vi|hic|lo|la)\w*",
    ),
    Rule(
        "arrange_visit",
        0.85,
        r"(?:agend\w+|sacar|pedir|reserv\w+|solicit\w+|apart\w+|program\w+|asign\w+)..3 (?:<consulta>)",
    ),
    Rule(
        "arrange",
        0.75,
        r"agend(?:ar\w*|ame|eme|enme)|reserv(?:ar|ame|eme)|apuntame|apuntarme|anotame",
    ),
    Rule(
        "any_free",
        0.75,
        r"(?:<hay>)..3 (?:turnos?|citas?|horas?|horitas?|lugar\w*|huecos?|espacio|cupos?|campo|sitio|disponib\w+"
        r"|agenda"
        r"|libres?|algun turno)(?: libres?| disponibles?)?",
        unless=(
            r"a que hora (?:<hay>)|donde..2 estacionar|(?:que|cual) hora|lugar para (?:esperar|sentar\w*"
            r"|estacionar|dejar)"
        ),
    ),
    Rule(
        "which_times",
        0.75,
        r"(?:que|cuales) (?:dias?|horarios?|horas?|fechas?|turnos?|citas?|disponibilidad)..4 (?:disponib\w+"
        r"|libres?|podri\w+|me p\w+|me dan|quedan?|hay|dar|darme)"
        r"|que dias? (?:tien\w+|ten[ei]s)(?: el| la)?(?: doctora?| agenda)?(?= [.,?]|$)",
    ),
    Rule(
        "availability",
        0.65,
        r"disponibilidad|que disponibilidad",
        unless=r"estacionamiento",
    ),
    Rule(
        "when_can_you_see",
        0.7,
        r"cuando..3 (?:podria\w*|puedo|pueden|puede|podes|podeis|podemos|tenes|tienen|teneis|tienes"
        r"|me)..4 (?:verl[ao]|verme|ver|vean|atender\w*|atienda\w*|revis\w+|ir|pasar|recibir\w*|huecos?"
        r"|turnos?|citas?|lugar)",
    ),
    Rule(
        "wants_to_be_seen",
        0.65,
        r"quiero ver (?:al|a la) (?:doctor\w*|dentista|odontolog\w+)|(?:<quiero>|para) (?:que (?:me|le|la|lo"
        r"|nos) (?:vea\w*|revis\w+|atienda\w*|vies\w+|viera\w*"
        r"|control\w+|chequ\w+)|atenderme|revisarme|ver al|ver a la|consultar con)",
        unless=r"atienda..2 <persona>|atender..2 <persona>",
    ),
    Rule(
        "wants_treatment",
        0.65,
        r"<quiero>..3 (?:hacerme|hacerle|hacernos|ponerme|sacarme|un control|una limpieza|una revision"
        r"|limpieza|control|revision|una consulta)",
        unless=r"hacer(?:te|le)? una (?:consulta|pregunta)",
    ),
    Rule(
        "noun_for_day",
        0.6,
        r"(?:<turno>|<consulta>)(?: libre)? para (?:el|la|hoy|manana|un|una|mi|<weekday>)|(?:<turno>) (?:el|la"
        r"|de) (?:limpieza|control)",
        requires=r"(?:^|[.,?] )(?:hola |buenas )?(?:un |una )?(?:<turno>) para",
    ),
    Rule(
        "one_for_day",
        0.6,
        r"(?:dame|deme|dar|agend\w+|poneme|quiero)..1 uno (?:el|para|manana|hoy|<weekday>)",
    ),
    Rule(
        "bare_noun",
        0.6,
        r"^(?:hola )?(?:un |una )?(?:turnos?|citas?)(?: por favor)?(?: [.?])?$",
    ),
    Rule(
        "came_loose",
        0.6,
        r"se (?:me|le) (?:ha )?(?:despego|despegado|salio|cayo|solto|soltado|rompio|caido|salido|desprendio"
        r"|zafo)..3 (?:brackets?"
        r"|corona|funda|empaste|arreglo|tapadura|calza|provisori\w+|retenedor|alambre|amalgama|perno)",
    ),
    Rule(
        "would_come",
        0.5,
        r"puedo (?:ir|pasar)..3 (?:hoy|manana|ahora|esta)|me (?:atienden|pueden atender|atenderian)..3 (?:hoy"
        r"|manana|ahora|esta)",
    ),
    Rule(
        "a_place",
        0.7,
        r"(?:guard|consegu|hac|reserv|consig|busc|encontr|ten|tien|hay|habr|dar|das|queda)\w*..4 (?:lugar"
        r"|lugarcito|ratito|rato|hueco|huequito|huequecito|sitio|espacio|espacito|cupo)",
        unless=r"sitio web|espera|lugar para (?:esperar|sentar\w*|estacionar|dejar|la bici)",
    ),
    Rule(
        "could_you_see",
        0.65,
        r"(?:pued\w+|podr\w+|podes|podeis|podra\w*|puede que)..2 (?:recibir\w*|atender\w*|atiendan|ver(?:me|la"
        r"|lo|nos)?|mirar\w*|revisar\w*|examinar\w*)",
        unless=r"(?:atender|recibir|ver)..2 (?:<persona>|resultados?|fotos?|telefono)|ver (?:mi|mis|el|los) \w+",
    ),
    Rule(
        "wants_to_come",
        0.6,
        r"<quiero>..2 (?:ir|pasar|empezar|iniciar|comenzar|ponerme|ponerle|arreglarme|arreglar|hacer(?:me"
        r"|le)?)..6 (?:dient\w+|muelas?|encias?|boca|ortodoncia|tratamiento|implantes?|brackets?"
        r"|blanqueamiento|limpieza|dentista|control)",
    ),
    Rule(
        "look_at_it",
        0.6,
        r"(?:que me|para que|ir a que|a hacer(?:me|le)) (?:me |le |la |lo )?(?:mir|ve[ar]|vie|revis|control"
        r"|chequ|examin)\w*",
    ),
    Rule(
        "about_appointment",
        0.65,
        r"(?:consult\w+|pregunt\w+|averigu\w+|llam\w+|escrib\w+|es)..2 (?:por|sobre|para)..2 (?:un "
        r"|una )?(?:turno|cita)|para cuando..2 (?:<turno>)|(?:turno|cita) (?:con|para) (?:el |la |un "
        r"|una )?(?:ortodon\w+|odontolog\w+|dentista|doctor\w*|limpieza|control)",
    ),
    Rule(
        "how_to_book",
        0.7,
        r"como (?:le hago|hago|agendo|reservo|saco)..3 (?:<turno>)?(?= [.,?]|$)|(?:como|donde)..4 (?:sac|ped"
        r"|agend|reserv|program)\w+..2 (?:<turno>|<consulta>)|(?:sacar"
        r"|pedir)..1 <turno>",
    ),
    Rule(
        "new_patient",
        0.5,
        r"paciente nuev[oa]|nuev[oa] paciente|primera vez|(?:hago|hacer|tengo que hacer) para (?:atender\w*|ir"
        r"|sacar|pedir)",
    ),
    Rule(
        "due",
        0.7,
        r"(?:me|le|nos) toca..2 (?:limpieza|revision|control|ajuste|consulta|chequeo)",
    ),
    Rule(
        "takes_one",
        0.7,
        r"(?:tomo|agarro|me quedo con|elijo|prefiero) (?:el|la) (?:de las?|<weekday>|de la|del)|somos..3 nos atienden"
        r"|puedo (?:llevar|ir con)..3 (?:hoy|manana|<weekday>)|(?:<weekday>|hoy|manana) (?:hay|tien\w+|puedo)..1 \?"
        r"|(?:quiero|necesito) otr[oa] para (?:mi|el|la)",
    ),
    # Said after calling one off: "cancelá el de mañana y dame uno el jueves".
    Rule(
        "and_another",
        0.75,
        r"(?:y|,|\.|mejor|pero)(?: a mi| ya| si)?(?: me)? (?:dame|deme|danos|poneme|ponme|busca\w*|agend\w+"
        r"|fijate si hay|pasame"
        r"|program\w+|reserv\w+|das?|saca\w*)(?: \w+){0,1} (?:uno|una|otr[oa]|que ten\w+|turno|cita|hora|algo"
        r"|<weekday>"
        r"|el <weekday>)",
        requires=r"cancel\w+|anul\w+|borr\w+|quit\w+|no voy|de baja|elimin\w+|sac[ao]me",
    ),
    # Hints: none is enough alone.
    Rule(
        "an_appointment",
        0.35,
        r"(?:un|una|unos|unas|otro|otra|hay|de|por|tu|para|pedir) (?:<turno>|<consulta>)",
        unless=(
            r"(?:tengo|tenia|tiene|mi|mis|el|del|al|la) (?:turno|cita|hora)|despues de|(?:de|por"
            r"|para) (?:la|una|el) (?:<consulta>)"
        ),
    ),
    Rule(
        "asks_for_it",
        0.3,
        r"<quiero>|me (?:das?|dan|dais|pod\w+|pued\w+)|(?:tenes|tienen|tienes|tiene|teneis|hay) algo"
        r"|coordin\w+|averigu\w+",
    ),
    Rule(
        "a_visit",
        0.3,
        r"visita|atenderme|atender|revisar\w*|chequear\w*|me v[ei]a\w*",
        unless=r"atender..2 <persona>",
    ),
    Rule(
        "a_day",
        0.3,
        r"(?:<weekday>|hoy|manana|esta semana|semana que viene|proxima semana|a la (?:tarde|manana))",
    ),
    Rule(
        "something_for_day",
        0.4,
        r"(?:tenes|tienen|tienes|tiene|teneis|tendras|tendran|hay|habria|habra|(?:te|les) queda|quedo) algo",
    ),
    Rule(
        "foreign_booking",
        0.75,
        r"(?:get|have|book|make|schedule|need|want|like)..4 (?:appointments?|checkups?|cleaning)"
        r"|do you have anything available|marcar..2 consulta|agendar..2 horario",
    ),
)
