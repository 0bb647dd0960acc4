# La console en français. Chaque texte a le même identifiant et les mêmes valeurs dans toutes les langues.

nav-label = Pages
nav-skip = Aller au contenu
nav-today = Aujourd’hui
nav-assessments = Évaluations
nav-sessions = Sessions
nav-sign-out = Se déconnecter

role-analyst = analyste
role-officer = officier de diffusion
role-admin = administrateur
role-other = programme

sign-in-title = Se connecter
sign-in-as = Vous allez vous connecter en tant que { $name } de { $organisation }.
sign-in-button = Se connecter
sign-in-once = Le lien sert une seule fois. La session prend fin quand personne ne l’utilise pendant un moment, et quand vous vous déconnectez.
sign-in-invalid = Ce lien ne fonctionne plus. Un lien sert une seule fois, pendant cinq minutes.
sign-in-how = Créez un nouveau lien sur un ordinateur qui a votre certificat :

today-title = Aujourd’hui
today-count =
    { $count ->
        [one] Une chose vous attend.
       *[other] { $count } choses vous attendent.
    }
today-overdue =
    { $count ->
        [one] Une est en retard.
       *[other] { $count } sont en retard.
    }
today-empty = Rien ne vous attend.
today-empty-hint = Les alertes à accuser, les demandes des partenaires et ce qui attend votre approbation apparaissent ici.
today-due = échéance
today-was-due = échéance passée
today-since = attend depuis
today-command = En ligne de commande : watchfire
today-rest =
    { $count ->
        [one] et une autre de { $name }
       *[other] et { $count } autres de { $name }
    }

kind-acknowledge = À accuser
kind-answer-request = Demande à traiter
kind-approve-agreement = Accord à approuver
kind-approve-change = Décision à approuver
kind-confirm-person = Personne à confirmer
kind-decide-purge = Destruction à décider
kind-quarantine = Retenu
kind-verification = Pas encore vérifiable
kind-draft = Brouillon pour vous
kind-alarm = Alarme
kind-ending = Expire bientôt

list-title = Évaluations
list-filters = Ce qu’il faut afficher
list-place = Lieu
list-level = Niveau
list-from = De
list-state = État
list-any = tous
list-unread-only = non lues seulement
list-show = Afficher
list-clear = Tout afficher
list-unread = non lue
list-no-headline = Pas de titre pour vous
list-none-fit = Rien ne correspond. Laissez un champ vide, ou choisissez un lieu plus grand.
list-empty = Rien n’est encore arrivé. Ce que les partenaires envoient apparaît ici.
list-next = Plus anciennes
list-acknowledge = à accuser { $when }
list-damaged =
    { $count ->
        [one] Une évaluation n’est plus lisible. Un administrateur restaure une sauvegarde.
       *[other] { $count } évaluations ne sont plus lisibles. Un administrateur restaure une sauvegarde.
    }

state-current = en vigueur
state-expired = expirée
state-superseded = remplacée
state-withdrawn = reprise

exercise = EXERCICE
exercise-banner = EXERCICE EXERCICE EXERCICE : ceci n’est pas une véritable alerte

assessment-title = Évaluation { $id }
assessment-version = version { $version }
assessment-answer = Répondre
assessment-recalled = L’auteur a repris cette évaluation. Ce qu’elle disait peut être faux ou nuire à quelqu’un ; ne l’utilisez pas.

answer-what = Que dites-vous à l’expéditeur ?
answer-read = Nous l’avons lue
answer-acting = Nous agissons
answer-declined = Nous n’agissons pas
answer-text = En quelques mots (nécessaire si vous n’agissez pas)
answer-told = L’expéditeur apprend votre rôle, jamais votre nom.
answer-send = Envoyer la réponse

sessions-title = Sessions
sessions-what = Où vous êtes connecté. Mettez fin à toute session que vous ne connaissez pas.
sessions-opened = Connexion
sessions-seen = Dernière utilisation
sessions-end = Fin
sessions-end-it = Mettre fin à cette session
sessions-this = cette session

fault-place = Aucun lieu ne s’appelle « { $place } ». Écrivez un pays, une partie d’un pays, une région ou un code.
fault-level = Choisissez un niveau dans la liste.
fault-from = « { $name } » n’est pas un partenaire de ce nœud.
fault-from-meant = « { $name } » n’est pas un partenaire de ce nœud. Vouliez-vous dire { $meant } ?

error-not-found = Cela n’est pas ici
error-not-found-hint = Cela a peut-être été détruit, ou l’adresse est incomplète.
error-role = Votre rôle ne le permet pas
error-role-hint = Demandez à quelqu’un qui a ce rôle.
error-node = Le nœud ne peut pas le faire maintenant
error-node-hint = Rien de ce que vous avez écrit n’a été utilisé. Réessayez plus tard, et prévenez un administrateur si cela dure.
error-refused = Cela a été refusé
error-refused-hint = Revenez en arrière, corrigez, et envoyez de nouveau.
error-old-form = Cette page vient d’une session antérieure
error-old-form-hint = Rien n’a été changé. Ouvrez de nouveau la page, et envoyez le formulaire depuis là.
error-malformed = L’adresse ou le formulaire est incomplet
error-no-page = Cette page n’existe pas

time-just-now = à l’instant
time-minutes-ago =
    { $count ->
        [one] il y a { $count } minute
       *[other] il y a { $count } minutes
    }
time-hours-ago =
    { $count ->
        [one] il y a { $count } heure
       *[other] il y a { $count } heures
    }
time-days-ago =
    { $count ->
        [one] il y a { $count } jour
       *[other] il y a { $count } jours
    }
time-in-minutes =
    { $count ->
        [one] dans { $count } minute
       *[other] dans { $count } minutes
    }
time-in-hours =
    { $count ->
        [one] dans { $count } heure
       *[other] dans { $count } heures
    }
time-in-days =
    { $count ->
        [one] dans { $count } jour
       *[other] dans { $count } jours
    }
