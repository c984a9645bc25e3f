"""What only a dentist may say, and what a chat may not ask: diagnoses, remedies, calm in an emergency, private data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.denials import denied
from dentalist.domain.guard.issued import Issued
from dentalist.domain.guard.reading import Sentence
from dentalist.domain.guard.verdict import Rule, Violation

_CONDITION = re.compile(
    r"(?<!\w)(?:caries|picad[oa]s?|infecci\w+|infectad\w+|absces\w+|flemon\w*|gingivit\w+|pulpit\w+|periodontit\w+"
    r"|periodontal|piorrea|periimplantit\w+|pericoronarit\w+|alveolit\w+|estomatit\w+|mucosit\w+|fisura\w*|fractur\w+"
    r"|quistes?|tumor\w*|cancer\w*|carcinoma|leucoplasia|candidiasis|muguet|herpes|aftas?|llagas?|granulomas?|necros\w+"
    r"|nervio (?:muert|expuest|inflamad|dañad|danad)\w*|sensibilidad dental|hipersensib\w+|bruxis\w+|maloclusion\w*"
    r"|retraccion de enc\w+|recesion gingival|impactad[oa]s?|retenid[oa]s?|sinusitis|neuralgia|trismo|celulitis"
    r"|osteomielitis|reabsorcion|sarro acumulado|desgaste|atm|articulacion temporomandibular|alergi[ac]\w*|anemia"
    r"|diabetes|virus|bacteria\w*|hongos?|septicemia|sepsis|halitosis|xerostomia|hemorragia)(?!\w)"
)
_JUDGES = re.compile(
    r"(?<!\w)(?:(?:parece|pareceria|suena|seguro|seguramente|probablemente|posiblemente|quizas?|debe|puede|podria|tiene"
    r" toda la pinta)(?: \w+){0,2} (?:ser|a|de|que|es|estar|tener|tratarse)(?: \w+){0,4} (?:grave|infla\w+|nervio|muela"
    r"|enci\w+|raiz|golpe|sensib\w+|dent\w+|diente|estres|normal|nada|leve|serio)"
    r"|(?:es|parece|seria|resulta|suele ser) (?:\w+ ){0,2}?(?:normal|grave|leve|comun|habitual|esperable|pasajer[oa]"
    r"|benign[oa]"
    r"|inofensiv[oa]|frecuente|serio|seria) (?:que|tras|despues|en|lo|tu|el|la|si|y|este|esa|ese)"
    r"|no es nada(?=[,.!;]|$)|(?:ya |se )?(?:te )?va a pasar(?=[,.!;]|$)|no (?:es|parece|seria)(?: \w+){0,2}"
    r" (?:grave|serio|para preocupar\w*|nada (?:grave|serio|malo|raro))"
    r"|(?:tenes|tienes|tiene|presenta|padeces|sufris|sufre) (?:\w+ ){0,3}?(?:inflamad\w*|inflamacion|sensib\w+|nervio"
    r"|rot[oa]|gastad\w*|expuest\w*|dañad\w*|danad\w*|enferm\w*)"
    r"|mi diagnostico|el diagnostico es|diagnostic(?:o|amos) (?:que|un|una)|se trata de (?:un|una)|es un caso de"
    r"|(?:necesitas|necesita|requiere|requieres|hay que (?:hacerte|hacerle|sacar\w*|extraer\w*)|te (?:hace falta|van? a"
    r" (?:sacar|extraer|poner|hacer)|tenes que hacer|conviene hacerte)) (?:\w+ ){0,3}?"
    r"(?:extraccion\w*|conducto\w*|endodoncia\w*|implante\w*|corona\w*|cirugia\w*|tratamiento de|sacar\w*|extraer\w*"
    r"|muela"
    r"|radiografia\w*|placa|ortodoncia|limpieza profunda)"
    r"|se (?:te |le )?(?:va|pasa|pasara|cura|curara|quita|quitara|ira)(?: a \w+)? (?:sol[oa]|con|en unos|en \d|en un)"
    r"|(?:se debe|debido|causad[oa]|provocad[oa]|por culpa) (?:a|por|del?)(?: \w+){0,3} (?:nervio|muela|diente"
    r"|enci\w+|raiz|sarro"
    r"|golpe|stress|estres|bacteria\w*|embarazo|edad))"
)
_DRUG = re.compile(
    r"(?<!\w)(?:ibu(?:profeno)?|paracetamol|acetaminofen\w*|amoxicilin\w*|amoxi|amoxidal|augmentin|clavulanic\w*"
    r"|azitromicin\w*"
    r"|clindamicin\w*|metronidazol|penicilin\w*|cefalexina|espiramicina|ketorolac\w*|ketorolako|diclofenac\w*"
    r"|naproxen\w*"
    r"|meloxicam|dexametasona|betametasona|prednisona|corticoide\w*|aspirin\w*|dipirona|metamizol|nolotil|novalgina"
    r"|tramadol"
    r"|codeina|morfina|tafirol|actron|advil|dorixina|sertal|buscapina|lidocaina|xilocaina|benzocaina|anestesi\w+ en gel"
    r"|clorhexidina|peroxido|agua oxigenada|antibiotic\w*|analgesic\w*|antiinflamatori\w*|calmantes?|desinflamator\w*"
    r"|pastillas?|comprimid\w*|gotas|jarabe|inyeccion\w*|inyectable|enjuagues?|enjuagat\w*|buches?|gargaras|colutorio"
    r"|bicarbonato|agua (?:tibia )?con sal|agua salada|clavo de olor|ajo|propoleo?|aloe|hielo|compresa\w*|paños?|panos?"
    r" frios?|alcohol|whisky|pomada|crema|gel|melatonina|rivotril|clonazepam|medicament\w*|medicacion|medicina"
    r"|remedios?"
    r"|farmacos?|receta medica|recet\w+|dosis|posologia|miligramos)(?!\w)"
)
_DOSE = re.compile(
    r"(?<!\w)(?:~?\d+ ?(?:mg|miligramos|ml|gotas|comprimidos?|pastillas?)|cada ~?\d+ ?(?:hs?|horas)(?!\w))"
)
_TAKE = re.compile(
    r"(?<!\w)(?:tom(?:a|ate|e|ese|en|es|arte|arse)|ingeri\w*|aplic(?:a|ate|ale|ar\w+)|pon(?:e|te|ete|ele|gase)"
    r"|colocate|frot\w+"
    r"|masaje\w+|mastica|evita (?:comer|masticar|tomar|fumar|cepill)|no (?:comas|mastiques|fumes|te cepilles|tomes"
    r"|bebas|coma"
    r"|mastique|fume|tome)|suspend\w+|dej\w+ de tomar|haz|hacete|hagase)"
    r" (?:\w+ ){0,2}?(?:algo|un|una|unos|unas|dos|medio|media|frio|calor|lo que|te|agua|el|la|los|las|con|sobre|~?\d+)"
    r"(?! (?:turno|cita|hora|nota|asiento|lugar|momento|decision|tiempo|consulta|reserva|minuto|clic|click|rato"
    r"|favor|segundo"
    r"|pedido|mapa|link|enlace|mensaje))(?! (?:\w+ )?(?:turno|cita|hora|consulta|lista|numero|boton|horario|palabra"
    r"|que|dia|esfuerzo))"
)
_TAKES = re.compile(
    r"(?<!\w)(?:toma|tome|tomate|tomese|usa|use|pone|ponete|pongase)(?! (?:nota|asiento|tu tiempo|su tiempo|el"
    r" tiempo|un turno"
    r"|el turno|una cita|el boton|este chat|el enlace|la lista|en cuenta|atencion)(?!\w))(?= [a-z])"
)
_ASKS = (
    r"(?<!\w)(?:pas(?:a|e|ame|eme|anos)\w*|mand(?:a|e|ame|eme|anos)\w*|envi(?:a|e|ame|eme|anos)\w*|dec(?:i|ime|irme"
    r"|inos)"
    r"|dime|diga(?:me|nos)?|dame|deme|danos|indic(?:a|ame|ar|anos|queme|arme)|facilit\w+|compart\w+|necesit\w+"
    r"|contame|cuentame|cuenteme|describ\w+|adjunt\w+|sub(?:i|e|ime)|sac(?:a|ate|ale|arte|arle)|tom(?:a|ate|ale) una"
    r"|mostra\w*"
    r"|ingres\w+|escrib(?:i|ime|a|eme)\w*|complet\w+|confirm(?:a|ame|e|eme|anos|ar|arme)|tener|tenga|cual (?:es"
    r"|seria)|que|tenes"
    r"|tienes|tiene|me (?:das|da|pasas|pasa|mandas|manda|dirias|decis|dices|dice|compartis|envias|envia|confirmas"
    r"|confirma"
    r"|contas|cuentas|cuenta)|nos (?:das|da|pasas|mandas|envias|compartis)|quiero|por favor)"
)
_PRIVATE = (
    r"(?:dni|d\.n\.i\.?|documentos?|cedula|curp|rfc|rut|nif|nie|ine|pasaporte|identificacion|cuil|cuit|nss|seguro"
    r" social"
    r"|numero de (?:afiliad\w+|socio|credencial|tarjeta|cuenta|poliza|seguro|carnet|obra social)|(?:nro|n°|num)\.?"
    r" de \w+"
    r"|credencial(?:es)?|carnet|poliza|tarjeta de credito|datos? (?:de|bancari|personal|fiscal|de facturacion)\w*"
    r"|(?:los|tus|sus) datos de (?:la|tu|su) (?:tarjeta|cuenta)|cvv|cvc|codigo (?:de seguridad|que te llego|de"
    r" verificacion|sms"
    r"|que recibiste)|vencimiento de|clave|contrasena|password|pin|cbu|alias|iban|fotos?|fotografias?|imagen(?:es)?"
    r"|selfie"
    r"|captura|radiografias?|placas?|panoramica|estudios?|analisis|historia clinica|videos?|fecha de nacimiento|edad"
    r"|peso"
    r"|domicilio|direccion (?:particular|de tu casa|donde vivis)|donde vivis|correo|e-?mail|mails?|estado civil"
    r"|religion|sueldo|ingresos"
    r"|medicacion|medicamentos?|que (?:tomas|toma|estas tomando|esta tomando)|alergias?|alergic[oa]|enfermedad\w*"
    r"|embaraz\w+"
    r"|antecedentes|presion arterial|diabetic[oa]|sintomas?|que te pasa en)"
)
_REQUEST = re.compile(rf"{_ASKS}(?!\w)(?: [^.?!,;]{{0,60}}?)?(?<!\w){_PRIVATE}(?!\w)")
_PROBES = re.compile(
    r"(?<!\w)(?:desde (?:cuando|hace cuanto|que dia)|hace cuanto(?: tiempo)?|cuanto (?:hace|tiempo hace|tiempo"
    r" llev\w+)|que tan fuerte"
    r"|del (?:1|uno|~1|~?\d+) al (?:10|~10|diez)|escala del?|que tipo de dolor|como (?:es|describirias) (?:el|ese"
    r"|tu) dolor|donde"
    r" (?:te|le) duele|que (?:muela|diente|pieza|lado) (?:te|le|es)|(?:te|le) duele (?:con|cuando|al|mucho|mas|de"
    r" noche|solo|en|si)"
    r"|(?:el dolor|la molestia) (?:es|aparece|aumenta|empeora)|(?:tenes|tienes|tiene) (?:mal aliento|pus|mal sabor"
    r"|dolor al)"
    r"|(?:sangran?|sangra) (?:cuando|al)|(?:sos|eres|es) (?:alergic[oa]|diabetic[oa]|hipertens[oa])|(?:estas|esta)"
    r" (?:embarazada"
    r"|tomando)|tomas? (?:alguna|algun|medic)|fumas?(?!\w))"
)
_CALMS = re.compile(
    r"(?<!\w)(?:no (?:hace falta|es necesario|hay necesidad de|necesitas|necesita|tenes que|tienes que|deberias"
    r"|conviene|vale"
    r" la pena|te preocupes por)(?: \w+){0,2} (?:ir|que vayas|que vaya|vayas|llamar|llames|llame|guardia|urgencias?"
    r"|emergencias?"
    r"|hospital|107|911|112|131|123|ambulancia|correr|sangr\w+|fiebre|hincha\w+|dolor)"
    r"|no (?:vayas|vaya|llames|llame|acudas|acuda|corras)(?: \w+){0,2} (?:a la guardia|a urgencias?|al hospital|al"
    r" \d+|a una"
    r"|guardia|ambulancia|a emergencias|a nadie|todavia|al medico)"
    r"|no (?:es|parece|seria|se trata de|suena a)(?: \w+)? (?:urgencia|emergencia|urgente|una urgencia|una emergencia)"
    r"|(?:puede|podes|puedes|podria) (?:\w+ )?(?:esperar|aguantar|aguantarlo|dejarlo)(?!\w)|no hay (?:apuro"
    r"|prisa)(?: con|,| para)|no es necesario que (?:te|lo|la|los) vean|(?:con|en) (?:unos|un par de) dias|se (?:te"
    r" )?pasa(?!\w)|(?:puede|podes) (?:esperar|aguantar)(?: \w+){0,3}? (?:hasta|a|al"
    r"|unos|sin|que|para"
    r"|tranquil\w*|unas|la|el|dias?|manana|lunes)|(?:espera|aguanta|espere|aguante)(?:lo)? (?:hasta|a|unos|unas|al"
    r"|que se|un par)"
    r"|(?:la|esa|tu|una poca|un poco de) (?:fiebre|sangre|hinchazon|inflamacion)(?: \w+){0,2} (?:es normal|no"
    r" importa|baja|se va|pasa)"
    r"|no (?:es|parece) (?:nada )?(?:grave|peligros[oa])|(?:dormi|descansa|acostate) y (?:manana|despues|vas))(?!\w)"
)
_CHECKS: tuple[tuple[Rule, re.Pattern[str], bool], ...] = (
    # rule, pattern, whether a denial excuses it ("no puedo recetar")
    (Rule.DIAGNOSIS, _CONDITION, True),
    (Rule.DIAGNOSIS, _JUDGES, False),
    (Rule.PRESCRIPTION, _DRUG, True),
    (Rule.PRESCRIPTION, _DOSE, False),
    (Rule.PRESCRIPTION, _TAKE, False),
    (Rule.PRESCRIPTION, _TAKES, False),
    (Rule.ASKS_PERSONAL, _REQUEST, True),
    (Rule.ASKS_PERSONAL, _PROBES, True),
    (Rule.DISCOURAGES_EMERGENCY, _CALMS, False),
)


def check_care(said: list[Sentence], issued: Issued) -> Iterator[Violation]:
    """Every word that belongs to a dentist, and every question that a chat may not ask."""
    for sentence in said:
        for rule, pattern, deniable in _CHECKS:
            for found in pattern.finditer(sentence.text):
                if issued.has_words(found.group()) or (deniable and denied(sentence.text, found.start())):
                    continue
                yield Violation(rule, found.group())
                break
