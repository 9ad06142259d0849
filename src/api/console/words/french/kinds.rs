//! One word in French for each of a kind; a new one of the kind does not compile until it is named here.

use crate::call::{DeclineReason, Ending, Field, Hint};
use crate::store::OperationKind;

pub(super) fn field(field: Field) -> &'static str {
    match field {
        Field::Number => "Numéro de carte",
        Field::NumberAgain => "Numéro, une seconde fois",
        Field::Expiry => "Date d’expiration",
        Field::ExpiryAgain => "Date d’expiration, une seconde fois",
        Field::CodeAgain => "Code de sécurité, une seconde fois",
        Field::PostalAgain => "Code postal, une seconde fois",
        Field::Code => "Code de sécurité",
        Field::Postal => "Code postal",
        Field::Reference => "Référence",
        Field::Amount => "Montant",
    }
}

pub(super) fn hint(hint: Hint) -> &'static str {
    match hint {
        Hint::TooShort => "Il manque des chiffres. On les redemande.",
        Hint::TooLong => "Trop de chiffres. On les redemande.",
        Hint::CheckDigit => "Le numéro est mal saisi : sa clé de contrôle ne convient pas.",
        Hint::BrandNotAccepted => "Ce type de carte n’est pas accepté.",
        Hint::Expired => "La carte a expiré.",
        Hint::ExpiryInvalid => "Ce n’est pas un mois et une année.",
        Hint::Differs => "Les deux numéros ne sont pas les mêmes.",
        Hint::NotKnown => "Rien n’est dû sous cette référence. Elle est redemandée.",
        Hint::NotPossible => "Ce montant n’est pas possible. Il est redemandé.",
        Hint::Timeout => "Rien n’a été saisi. Demandez si la carte est trouvée.",
    }
}

pub(super) fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Approved => "Accepté",
        Ending::Declined => "Refusé",
        Ending::Unknown => "Pas encore connu",
        Ending::CancelledByAgent => "Annulé par l’agent",
        Ending::CancelledByCustomer => "Annulé par le client",
        Ending::OtherMeans => "Autre moyen de paiement",
        Ending::TooManyAttempts => "Trop d’essais",
        Ending::TimedOut => "Rien de saisi à temps",
        Ending::CustomerLeft => "Le client a raccroché",
        Ending::AgentLeft => "L’agent a raccroché",
        Ending::NotSealed => "La ligne n’a pu être protégée",
        Ending::SealLost => "La protection a été perdue",
        Ending::PbxLost => "Le PBX a disparu",
        Ending::Fault => "Panne technique, rien débité",
        Ending::Drained => "Le service a été arrêté",
    }
}

pub(super) fn decline(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Generic => "La banque ne donne pas de motif",
        DeclineReason::InsufficientFunds => "Provision insuffisante",
        DeclineReason::Expired => "Carte expirée",
        DeclineReason::CodeWrong => "Code de sécurité faux",
        DeclineReason::Blocked => "Carte bloquée",
        DeclineReason::LimitExceeded => "Plafond dépassé",
        DeclineReason::ReferToBank => "Le client doit appeler sa banque",
        DeclineReason::Invalid => "Carte non reconnue",
    }
}

pub(super) fn refusal(why: &str) -> &'static str {
    match why {
        "proxy_media" | "pass_rfc2833" => "Le PBX laisse passer les touches (ses réglages)",
        "sip_info" => "Sur cette ligne, les touches viennent en SIP INFO",
        "self_test_failed" => "Le PBX a échoué au test de protection",
        "no_media" => "Le son ne passe pas par le PBX",
        _ => "Le PBX n’a pas répondu comme il faut",
    }
}

pub(super) fn alarm_word(alarm: &str) -> &'static str {
    match alarm {
        "seal_lost_keypad" => "La connexion du clavier privé est tombée ; la ligne reste protégée",
        "seal_lost_opened" => "La ligne a été ouverte par un tiers ; la saisie est arrêtée",
        "seal_lost_moved" => "L’appel a été transféré pendant un paiement ; la saisie est arrêtée",
        "shield_failed" => "Un enregistrement n’a pu être masqué ; aucune carte n’est demandée",
        "seal_stuck" => "Une protection n’a pu être levée ; la ligne reste protégée",
        "pbx_lost" => "La connexion au PBX est tombée pendant un paiement",
        "journal_failed" => "Une tentative n’a pu être écrite ; rien n’a été débité",
        _ => "Voyez le journal du service",
    }
}

pub(super) fn attempt_state(state: &str) -> &'static str {
    match state {
        "journalled" => "écrit",
        "sent" => "envoyé",
        "retried" => "renvoyé, même clé",
        "queried" => "recherché",
        "approved" => "accepté",
        "declined" => "refusé",
        "not_charged" => "rien débité",
        "unknown" => "pas encore connu",
        "contradicted" => "contredit",
        "taken" => "pris en charge",
        "done" => "fait",
        "refused" => "refusé",
        _ => "noté",
    }
}

pub(super) fn operation(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Capture => "encaissement",
        OperationKind::Cancel => "annulation",
        OperationKind::Refund => "remboursement",
        OperationKind::Chargeback => "contestation",
        OperationKind::Link => "lien de paiement",
    }
}
