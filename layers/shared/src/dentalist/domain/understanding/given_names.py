"""Common given names of the Spanish-speaking world: they tell a name typed without capitals from another word.

Written from knowledge, not complete and not meant to be: a name that is missing is still read where it is capitalised,
or where the message is nothing but names. No list of surnames: those take any word.
"""

from __future__ import annotations

# Without accents, lower case. Short forms are here because parents write them: "Benja y Juampi".
GIVEN_NAMES = frozenset(
    """
    aaron abel abigail abril adela adelina adolfo adrian adriana agostina agustin agustina aida ailen aitana aitor
    alan alba alberto aldana aldo alejandra alejandro alejo alexa alexander alexandra alexis alfonso alfredo alicia
    alma alonso alvaro amalia amanda amelia amparo ana anabel anahi analia anastasia andrea andres andy angel angela
    angeles angelica angelina anibal anita antonela antonella antonia antonio araceli ariadna ariana ariel armando
    arturo astrid asuncion augusto aurelia aurora azul barbara bartolome bautista beatriz belen benicio benito benja
    benjamin bernabe bernarda bernardo bianca blanca brenda brian brisa bruna bruno caetano camila camilo candela
    caridad carina carla carlos carlota carmela carmen carmina carolina catalina catherine cayetano cecilia celeste
    celia celina cesar charo chiara christian cintia cinthia ciro clara clarisa claudia claudio clemente cleo
    clotilde concepcion constanza consuelo corina cristian cristina cristobal cruz cynthia dafne daiana damian dana
    daniel daniela danilo dante dario david daysi debora delfina delia demian denise diana diego dina dolores
    dominga domingo dora dylan eda edgar edgardo edith eduardo efrain elena elias elisa eloisa elsa elvira ema emanuel
    emilia emiliano emilio emma emmanuel enrique enzo eric erica erick erika ernestina ernesto esmeralda esperanza
    esteban estefania estela ester esther eugenia eugenio eusebio eva evangelina evelyn ezequiel fabian fabiana fabiola
    fabricio fatima faustina fausto federica federico felicitas felipa felipe felix fermin fernanda fernando fidel
    fiorella flavia flavio flor florencia francesca francisca francisco franco freddy frida gabino gabriel gabriela
    gael gaspar gaston gema genaro genesis gerardo german gilda gina gino giovanni gisela giselle gladys gloria
    gonzalo graciela gregorio greta griselda guadalupe guido guillermina guillermo gustavo hector helena hernan
    herminia hilda horacio hortensia hugo humberto ian ibai ignacia ignacio igor iker imanol indiana ines inaki ingrid
    inmaculada irene iris irina irma isabel isabela isabella isaias isidro ismael israel ivan ivana ivanna ivo jacinto
    jacqueline jaime jair janet javier jazmin jennifer jenny jeremias jeronimo jessica jesus jhon jimena joan joaquin
    joaquina joel johana johanna john jonas jonathan jordi jorge jorgelina jose josefa josefina joselyn josue juan juana
    juampi juanchi juancruz judith julia julian juliana julieta julio kari karen karina karla katherine kevin kiara
    lara laura lautaro lazaro leandro leila lena leo leon leonardo leonel leonela leonor leopoldo leticia lia liam
    libertad lidia liliana lina linda lisandro lola lolo lorena lorenza lorenzo lourdes lucas lucia luciana luciano
    lucila lucio lucrecia luis luisa luisina luka luna luz mabel macarena maca mafalda magali magdalena maia maite
    maitena malena malvina manolo manu manuel manuela mara marcel marcela marcelino marcelo marco marcos margarita
    maria marian mariana mariangeles mariano maribel maricel marie mariela marilu marina mario marisa marisol marta
    martha martin martina mateo matheo mathias matias matilda matilde matteo maura mauricio mauro maxi maxima
    maximiliano maximo maya mayra melany melina melisa melissa mercedes meri mia micaela micky miguel mikel mila
    milagros milena milo miranda mirella miriam mirta mirtha misael moises monica monserrat montserrat morena nadia
    nahuel naiara nancy naomi natalia nati nazareno nazarena nehuen nelida nelly nelson nerea nestor nicanor nico
    nicolas nicole nieves nilda nina noa noah noe noelia noemi nora norberto norma nuria octavio odalys ofelia olga
    olivia omar oriana oriol oscar osvaldo oswaldo pablo paco paloma pamela pancho paola pascual patricia patricio paul
    paula paulina pau pedro penelope pepa pepe perla pia pili pilar pipe priscila rafa rafael rafaela raimundo ramiro
    ramon ramona raquel raul rebeca regina renata renato rene reyes ricardo rita robert roberta roberto rocio rodolfo
    rodrigo rogelio roman romina romeo roque rosa rosalia rosana rosario rosaura roxana ruben rufina rut ruth sabrina
    salome salvador samanta samantha samuel sandra santi santiago santino santos sara sarah saul sebastian selena
    selene serafina serena sergio silvana silvestre silvia silvina simon simona sofi sofia sol solana soledad sonia
    stella susana tadeo tamara tania tati tatiana teo teodora teodoro teresa teresita tiago thiago tiziana tiziano
    tobias tomas tomi trinidad uma unai uriel ursula valen valentin valentina valentino valeria valerio vanesa vanessa
    vera veronica vicenta vicente victor victoria violeta virgilio virginia viviana vladimir walter wanda wendy
    wilfredo william wilson xavier ximena xiomara yamila yanina yasmin yesica yolanda zaira zoe zoila zulema
    """.split()  # noqa: SIM905 - a table of seven hundred quoted strings would be longer and no clearer
)
