//! Words around a name that tell what it stands for, by what they tell and not by language: few of them mean something else in another
//! language, and a line may mix languages. Folded, as the finder compares them. `docs` and tests show what each list is for.

/// Before a place: it is where something happens.
pub(super) const IN: &str = " in at near inside into within across around outside throughout \
    au aux en dans vers \
    cerca hacia desde sobre \
    em na no perto \
    katika nchini mjini \
    في داخل قرب قرب شرقي غربي شمالي جنوبي مدينه بلده قريه محافظه ولايه اقليم بمدينه ببلده بقريه \
    в во под около близ городе городу города город селе села ";

/// Before a place too, but before persons and governments as well.
pub(super) const FROM: &str = " from towards toward via through beyond to \
    left reached entered leaving reaching entering \
    depuis via jusqu chez a quitte quittent atteint atteignent traverse traversent gagne gagnent rejoint rejoignent \
    al hasta por cruzo cruzaron alcanzo abandono abandonaron \
    غادر غادروا دخل دخلوا بلغ الي من نحو عبر باتجاه صوب حدود \
    из через до к от ";

/// `of` and its like name a place only after such a word.
pub(super) const OF: &str = " of de du des d del do da ya wa ";

/// Words before `of` or `in` that make it a place.
pub(super) const PLACES: &str = " hotel house flat apartment bar market hospital clinic school airport prison bridge mosque church depot warehouse \
    hopital ecole marche aeroport mosquee eglise pont maison appartement depot entrepot \
    casa piso mercado escuela aeropuerto carcel puente iglesia mezquita deposito bodega \
    شقه بيت فندق سوق مستشفي مدرسه مطار سجن جسر مسجد كنيسه مخيم ميناء ضواحي ريف \
    town city village district province region state county camp outskirts port north south east west border \
    pres ville village region localite prefecture province departement axe route nord sud est ouest camp frontiere autour loin hors banlieue \
    cerca ciudad pueblo aldea provincia departamento municipio norte sur este oeste frontera afueras puerto alrededores lejos fuera \
    cidade vila estado fronteira ";

/// Words that may stand between the cue and the name.
pub(super) const BETWEEN: &str = " the northern southern eastern western central north south east west nearby neighbouring neighboring \
    la le les l el los las o os as ville ciudad city town village district port province region de du des d del of nord sud est ouest norte sur este \
    مدينه بلده قريه ";

/// What governments do, after a capital or before it (in Arabic).
pub(super) const ACTS: &str = " has had will would wants wanted says said denies denied refuses refused rejects rejected accuses accused insists \
    insisted announced ordered orders claims claimed warned warns agreed agrees demands demanded sees keeps backs backed supports supported \
    funds funded pays paid supplies supplied recalled sent sends expelled blamed blames may might can could must should does did never no \
    longer continues intends plans hopes fears believes knows wishes seeks sought objects objected threatens threatened promised promises \
    considers calls called asks asked signed blocked blocks suspended condemned condemns hosts trains trained arms armed \
    a n ne ont avait aura veut refuse nie dement accuse affirme rejette exige annonce soutient finance menace craint dit estime s se \
    rappelle ordonne propose retient retiendra retiendront denonce condamne envoie livre arme cherche pourrait doit peut fournit souhaite \
    ha no niega nego rechaza rechazo quiere dice dijo acusa acuso afirma exige exigio anuncia anuncio apoya financia sigue habia mantiene \
    podria envia envio retira retiro llama convoco espera teme busca ordeno pidio pide desmiente condena amenaza \
    قالت نفت رفضت اتهمت اعلنت طالبت اكدت تقول تنفي ترفض تتهم تريد طلبت وافقت هددت ارسلت سحبت استدعت دعت ادانت تدعم دعمت مولت تمول \
    تسلح اوقفت علقت اغلقت تعتبر تري تخشي تنوي ابلغت لا لم لن لن ليست تطلب سمحت منعت تمنع تسمح حذرت تحذر قررت \
    заявил заявила отрицает требует обвинил обвиняет отказался отказывается направил поддерживает считает хочет не потребовал ";

/// Before a capital: it stands for the government.
pub(super) const GOVERNMENTS: &str = " government governments regime authorities junta ministry by \
    gouvernement regime autorites junte ministere \
    gobierno regimen autoridades junta ministerio cancilleria \
    حكومه نظام سلطات خارجيه ان وزاره \
    власти правительство режим ";

/// Somebody went to the place or came from it.
pub(super) const MOTION: &str = " flew flown fled travelled traveled arrived returned moved deported taken brought driven escaped exiled waiting \
    flight flights plane bus \
    rendu rendus rendue parti partis partie arrive arrives revenu revenus rentre rentres refugie refugies refugiee envole envoles passe exile \
    exiles vol vols \
    viajo viajaron volo volaron huyo huyeron llego llegaron regreso regresaron trasladado trasladados exiliado exiliados vuelo vuelos \
    سافر سافرت سافروا وصل وصلت وصلوا غادر غادرت عاد عادت عادوا نقل نقلت نقلوا هرب هربت هربوا فر فرت فروا اتجه توجه طائره رحله ";

/// What belongs to armed actors.
pub(super) const FORCES: &str = " forces force fighters fighter troops soldiers soldier rebels rebel militia militias militiamen army recruiters \
    recruiter columns column commander commanders unit units gunmen attack attacks attacked clashes checkpoint checkpoints combatants \
    militants militant guerrillas insurgents drone drones convoy officers officer camp camps brigade battalion patrol patrols group \
    jets aircraft bomb bombed shelled recruits positions warplanes mercenaries contingent \
    elements element combattants combattant soldats soldat hommes rebelles rebelle milice milices miliciens troupes colonne colonnes chef \
    chefs commandant armee attaque attaques groupe mercenaires militaires militaire officiers officier forces drones \
    combatientes combatiente soldados soldado hombres rebeldes guerrilla guerrilleros milicia milicias milicianos tropas columna columnas \
    jefe jefes comandante comandantes ejercito ataque ataques grupo disidentes disidencias frente mercenarios militares militar oficiales \
    عناصر مقاتلو مقاتلي مقاتلين قوات القوات مسلحو مسلحي جنود الجنود ضابط ضباط جيش الجيش ميليشيا مليشيا فصيل كتيبه لواء قائد جندي مرتزقه \
    бойцы бойцов силы отряд отряды войска солдаты боевики боевиков армия ";

/// Persons and bodies of a state, beside an adjective that is also another word.
pub(super) const PERSONS: &str = " citizens citizen nationals national refugees refugee traders trader police government ambassador embassy \
    workers migrants border authorities company companies minister president gendarmes pilots \
    citoyens citoyen ressortissants ressortissant refugies refugie refugiees commercants commercant police gouvernement ambassade \
    frontiere autorites societe entreprise ministre president migrants eleveurs marchands pecheurs \
    ciudadanos ciudadano ciudadanas ciudadana refugiados refugiado comerciantes comerciante policia gobierno embajada frontera autoridades \
    empresa empresas ministro presidente migrantes migrante periodistas abogado familias territorio lado \
    لاجئين لاجئون لاجي لاجئ اللاجئين المهاجرين مهاجر مهاجرين مهاجرون تاجر تجار التجار شرطه الشرطه حكومه الحكومه سفاره السفاره حدود الحدود \
    مواطن مواطنين مواطنون الاراضي سلطات السلطات شركه طائره طائرات رجل رجال امراه نساء عامل عمال ";

/// Before persons' names.
pub(super) const TITLES: &str = " mr mrs ms miss dr prof professor sir lady general gen colonel col major maj captain capt sergeant sgt \
    lieutenant lt pastor reverend rev father sister brother sheikh imam judge \
    m mme mlle docteur pasteur abbe pere soeur colonel capitaine commandant lieutenant cheikh maitre \
    sr sra senor senora don dona doctor coronel capitan comandante padre hermana pastor \
    السيد السيده الدكتور الشيخ العقيد اللواء العميد النقيب القس ";

/// Capitalised words that follow or go before the name of a state and not that of a person.
pub(super) const OFFICES: &str = " president prime minister government army police parliament military ministry foreign defence defense border \
    armed forces national state republic embassy ambassador junta northern southern eastern western north south east west central upper \
    lower greater government and or the in on at to from for with but as if when while after before since says has will \
    le la les l et ou un une des du de d au aux dans en a pour sur par selon depuis vers si quand ni nord sud est ouest \
    el los las y o un una del al por para con segun desde hacia si cuando ni norte sur este oeste ";

/// Before streets, squares and quarters.
pub(super) const STREETS: &str = " rue avenue boulevard place calle carrera avenida plaza barrio vereda rua praca bairro \
    شارع جاده ساحه ميدان ";

/// After them, with a capital.
pub(super) const STREETS_AFTER: &str = " street avenue boulevard square ";

/// What is seated or takes place somewhere without speaking for the state there.
pub(super) const INSTITUTIONS: &str = " commission council union summit talks conference negotiations process agreement accord accords headquarters \
    secretariat court tribunal session mediation mediators envoy rapporteur meeting protocol convention declaration ecowas igad \
    conseil sommet pourparlers negociations processus siege cour chambre mediation reunion cedeao onu protocole \
    comision consejo cumbre conversaciones conferencia negociaciones proceso acuerdo acuerdos sede secretaria corte tribunal sesion \
    mediacion enviado relator relatora reunion protocolo convenio convencion declaracion onu oea \
    مفوضيه المفوضيه مجلس المجلس الاتحاد قمه القمه محادثات مؤتمر مفاوضات المفاوضات عمليه مسار اتفاق الاتفاق اتفاقيه مقر امانه الامانه \
    محكمه المحكمه جلسه دوره الدوره وساطه مبعوث المبعوث مقرر المقرر اجتماع الاجتماع لجنه اللجنه بروتوكول اعلان اكواس ايغاد ";

/// Before the names of waters, which several states share.
pub(super) const WATERS: &str = " river lake gulf sea delta basin strait \
    fleuve riviere lac golfe mer bassin boucle detroit rio lago golfo mar cuenca estrecho bacia نهر بحيره خليج بحر حوض مضيق دلتا река озеро залив ";

/// After them, in English.
pub(super) const WATERS_AFTER: &str = " river basin delta strait gulf ";

/// Before the name of the town where it was signed, or where it is done: it tells nothing of the state.
pub(super) const INSTRUMENTS: &str = " accord accords agreement process processus protocole protocol convention conventions declaration traite treaty \
    charte charter statut statute principes principles pacte dialogue plateforme acuerdo acuerdos proceso protocolo convenio convencion \
    declaracion tratado carta estatuto principios pacto \
    اتفاق اتفاقيه اتفاقيات اعلان مسار عمليه بروتوكول معاهده ميثاق وثيقه منبر ";

/// After it, in English.
pub(super) const INSTRUMENTS_AFTER: &str = " accord accords agreement agreements process protocol convention conventions declaration treaty charter \
    statute principles format platform consensus document roadmap ";

/// Before the name of a language.
pub(super) const LANGUAGE: &str = " in into speak speaks spoke spoken en em langue lengua idioma parle parlent parlait habla hablan hablaba لغه اللغه ";

/// After it: the adjective stands for nothing that follows.
pub(super) const SMALL: &str =
    " and or but as on at with by for so to et ou mais pour sur par avec puis y e o pero para por con ";

/// Between two names of one list.
pub(super) const AND: &str = " and or nor et ou ni y e o و او ولا и или ";

/// What armed actors do, and authors of reports do not.
pub(super) const DEEDS: &str = " attacked seized captured controls controlled holds held took takes shelled killed burned burnt looted raided \
    abducted kidnapped taxes collects imposes imposed decides rules governs recruits recruited ambushed stormed withdrew advances advanced \
    attaque pille tue enleve impose controle occupe occupent recrute recrutent exige decide tient brule bombarde \
    ataco controla mata mato secuestra secuestro impone recluta decide manda cobra quema quemo ocupa bombardeo \
    هاجمت سيطرت تسيطر قتلت خطفت احرقت نهبت تجند جندت تفرض فرضت احتلت قصفت انسحبت ";

/// Whether the folded word is in the list.
pub(super) fn is(list: &str, word: &str) -> bool {
    !word.is_empty()
        && list.match_indices(word).any(|(at, _)| {
            let before = at.checked_sub(1).and_then(|i| list.as_bytes().get(i));
            before == Some(&b' ') && list.as_bytes().get(at + word.len()) == Some(&b' ')
        })
}

/// Small frequent words by language, which tell in what language a line is.
pub(super) const FREQUENT: [(&str, &str); 5] = [
    ("en", " the of and to is was were has have had that with by for from who not are been its their in at on an it "),
    ("fr", " le la les des du et est dans par pour sur que qui une au aux l d n s sont ont leur ses cette "),
    ("es", " el los las y del por para con que una se su sus la en al es fue han "),
    ("pt", " os as do da dos das em nao um uma com para que ao foi sao no na "),
    ("sw", " ya wa na kwa ni za katika la cha kuwa hii huo wao "),
];
