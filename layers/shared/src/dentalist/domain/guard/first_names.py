"""Names that are common where Spanish is spoken, plain, so that a model is caught that names somebody in lower case."""

from __future__ import annotations

_FIRST_NAMES = """
    adrian adriana agustin agustina aitor alan alberto alejandra alejandro alejo alfonso alfredo alicia alma alvaro
    amalia amanda amelia amparo ana analia andrea andres angela angelica anibal antonella antonia antonio araceli
    ariel armando arturo augusto aurora axel azul barbara bautista beatriz belen benicio benja benjamin bernarda
    bernardo berta bianca brenda brian bruna cami camila camilo candela carla carlos carmen caro carolina catalina
    cecilia celeste celia cesar christian cintia claudia claudio constanza cristian cristina cristobal daiana damian
    dani daniel daniela dante dario david debora delfina denis diana diego edgar edgardo eduardo elena eliana elias
    elisa elsa elvira emilia emiliano emilio emma enrique enzo erica ernesto esteban estefania estela esther eugenia
    eugenio eva evelyn ezequiel fabian fabiana fabiola facundo fatima fede federica federico felicitas felipe felisa
    fermin fernanda fernando fiorella flor florencia fran francesca francisca francisco gabi gabriel gabriela gaston
    genaro georgina gerardo german gilberto gimena giovanna gisela gladys gloria gonzalo graciela gregorio guadalupe
    guido guille guillermina guillermo gustavo hector hernan hilda horacio hugo humberto ignacia ignacio ines irene
    irina irma isabel isabella ismael ivan ivana jacinta jaime javier jazmin jeronimo jesica jessica jesus jimena
    joaquin joaquina johana jorge jose josefa josefina juan juana juani juanita juanjo juanma julia julian juliana
    julieta karen karina karla katherine kevin laura lautaro lazaro leandro lidia liliana lola lorena lorenzo
    lourdes lucas lucero lucho lucia luciana luciano lucila lucrecia luis luisa luisina macarena magali magdalena
    maia maite malena manuel manuela marcela marcelo marcos margarita maria mariana mariano maribel mariel marina
    mario marisa marisol marta martin martina mateo matias matilde mauricio mauro maxi maxima maximiliano melanie
    meli melina melisa mercedes mia mica micaela miguel mirta moises monica morena nacho nahuel natalia natividad
    nazarena nazareno nelida nelson nestor nico nicolas nicole nilda noelia noemi nora norberto norma octavio ofelia
    olga olivia omar orlando oscar osvaldo pablo paloma pamela pancho patricia patricio paula paulina pedro pepe pia
    priscila rafael ramiro ramon ramona raquel raul rebeca renata renzo ricardo rita roberto rocio rodolfo rodri
    rodrigo rogelio roman romina roque rosario roxana ruben rufino salvador samanta samuel sandra santiago santino
    sara seba sebas sebastian selena sergio silvana silvia silvina simon sofi sofia soledad sonia stella susana
    tadeo tamara tania tatiana teodoro teresa thiago tobias tomas tomi trinidad ulises uriel vale valentin valentina
    valentino valeria vanesa vanina vera veronica vicente vicky victor victoria violeta virginia viviana walter
    ximena yamila yanina yesica yolanda zoe zulema
    """
_SURNAMES = """
    acosta aguilar aguirre alonso alvarado alvarez arias avila benitez blanco bravo cabrera caceres calderon campos
    cano cardenas cardozo carrasco carrizo castillo castro chavez contreras cordoba correa cortes cruz delgado diaz
    dominguez duarte escobar espinosa espinoza estrada farias fernandez ferreyra figueroa flores franco fuentes
    galvan garcia garrido gimenez godoy gomez gonzales gonzalez guerrero gutierrez guzman hernandez herrera ibarra
    iglesias jimenez juarez ledesma leiva lopez lucero luna maldonado mansilla mansur marin martinez medina mejia
    mendez mendieta mendoza miranda molina montenegro montoya morales moreno moyano munoz navarro nunez ojeda
    olivera orozco ortega ortiz ortuno paez palacios paredes paz peralta pereyra perez pineda ponce quiroga ramirez
    ramos reyes rios rivas rivera rivero robles rodriguez rojas roldan romero rosales rueda ruiz saavedra salas
    salazar salinas sanchez sandoval santana sepulveda serrano silva soria sosa soto suarez tapia toledo torres
    trejo urrutia valdez valenzuela vargas vasquez vazquez vega velasquez velez vera vidal videla villalba
    villanueva zamora zapata zarate
    """
_NAMES_THAT_ARE_WORDS = """
    alma amparo aurora azul blanco bravo campos candela cano caro castillo celeste clara consuelo cortes cruz
    delgado dolores esperanza estrada flor flores franco fuentes gloria guerrero iglesias lola lucas lucero luna luz
    marin maxima mercedes mia morena moreno nacho natividad palacios paloma pancho paredes paz pia ramos reyes rios
    robles roman rosa rosario rueda salas salvador serrano silva sol soledad soria soto torres trinidad vale valle
    vega vera vicky violeta
    """

FIRST_NAMES = frozenset(_FIRST_NAMES.split())
SURNAMES = frozenset(_SURNAMES.split())
# Both a name and a word of ours: only a capital letter tells.
NAMES_THAT_ARE_WORDS = frozenset(_NAMES_THAT_ARE_WORDS.split())
