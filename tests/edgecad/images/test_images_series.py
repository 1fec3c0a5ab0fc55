"""Words of a series as vendors and hospitals write them, on both sides: what they say, and what says nothing."""

from __future__ import annotations

import unicodedata

import pytest

from edgecad.images import read_screen
from edgecad.images.dicom.series import said_of

REST, PLAIN = ("rest",), ("not attenuation-corrected",)


def says(text: str, name: str = "SeriesDescription") -> tuple[str, ...]:
    return said_of({name: text})


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("|") if line.strip()]


# fmt: off
RESTS = lines(
    "rest|REST|Rest|RestAC|REST AC|RST|RST SA AC|Rest1|REST2|RESTING|Resting Myocard|GatedRest|Redist|"
    "REDISTRIBUTION|Rest_AC_SA|RestSA|SARst|SARSTAC|SARestAC|GSARST|GSARest|RST_G_TOMO|RST IRACRSC|RstSaxAC|"
    "Rst Supine|RstG|REST-GATED|RESTGATED|GATEDREST|gated_rest_sax|MPI REST|MPIREST|MyoRest|SPECTREST|TomoRest|"
    "RESTTOMO|Rest (Recon - AC)|Rest [FBP 3D AC]|Card Tl Rest|TLREST|MIBIREST|99mTcRest|TC99MREST|1DayRest|1DREST|"
    "2DAYREST AC|Rest2Day|D1Rest|Rest Upright|RestProne|Prone Rest AC|4DM Rest|QPS Rest|QGS_REST|REST_SUMMED|"
    "SummedRest|RestAstonish AC|REST IQ SPECT AC|Myocardial perfusion at rest|AtRest|RESTFLASH3D|Rest.AC.polar|"
    "Rest+AC|(REST)|REST#1|rest^ac|Tl Redistribution 4h|TL201 REDIST|Redistr AC|Redistrib|Tl reinjection|REINJ|"
    "Delayed|DELAYED AC|Tl late|LATE|Delay 4h|TLDELAYED|Ruhe|RUHE AC|RuheAC|Ruhe_SA|RUHESPECT|Ruhe-SPECT|"
    "Ruheaufnahme|Myokard in Ruhe|Ruhestudie|RUHESTUDIE AC|MyokardRuhe|Ruheszintigraphie|Spätaufnahme|"
    "SPAETAUFNAHME|Spataufnahme|Spät|Rückverteilung|Redistributionsaufnahme|Reinjektion|REPOS|Repos AC|Au repos|"
    "ReposAC|MyocRepos|Tomo repos|SPECT_REPOS_CA|Tardif|Images tardives|Réinjection|REINJECTION|Reposo|REPOSO AC|"
    "En reposo|SPECT reposo|ReposoAC|Redistribución|REDISTRIBUCION|Tardía|tardio|Reinyección|Riposo|A riposo|"
    "RIPOSO AC|RiposoAC|SPECT riposo|Ridistribuzione|Tardiva|Reiniezione|Repouso|REPOUSO|Em repouso|RepousoAC|"
    "Redistribuição|REDISTRIBUICAO|Reinjeção|Nghỉ|NGHỈ|Pha nghỉ|PHA NGHI|PhaNghi|nghi|SPECT nghỉ ngơi|"
    "Tưới máu cơ tim pha nghỉ|Tái phân bố|tai phan bo|TaiPhanBo|Pha muộn|no stress, rest|"
    "Myocard Stress/Rest 1 day - REST AC|Rest-Stress MIBI REST|StressRest_Rest AC|Full ＲＥＳＴ AC|RestG|RestCTAC|"
    "RESTCTAC|RestIRAC|GRestSA|Ruhe1|NGHIAC|REST_WOBBLE_AC"
)
STRESSES = lines(
    "Stress|STRESS AC|STRESSAC|StressAC|SAStrAC|STR_AC_SA|Str_GSAXT|StrG|GSAStr|STR_IRACRR|STRESS_IRAC_SA|"
    "Stress_EM_IRAC_SAX|Stress Astonish AC|IQ SPECT Stress AC|Stress1|STRESS2|Stress Supine|StressProne|"
    "POST STRESS|PostStress AC|Exercise|EXER AC|Adenosine Stress|LEXISCAN|Regadenoson AC|Dipyridamole|Treadmill AC|"
    "Bruce Stress|Stress only|Stress only, no rest|Stress without rest|Belastung|BELASTUNG AC|BelastungAC|"
    "Belastungsaufnahme|Bel. AC|Ergometrie|Belastung ohne Ruhe|Effort|EFFORT AC|Épreuve d'effort|Effort sans repos|"
    "Esfuerzo|ESFUERZO AC|Estrés|ejercicio|Stress sin reposo|Sforzo|Da sforzo|Esforço|ESFORCO|Estresse|"
    "Stress no scatter correction|Stress AC uncorrected for scatter|Gắng sức|GANG SUC|GangSuc AC|Pha gắng sức"
)
SILENT = lines(
    "Stress/Rest MPI|Rest/Stress|REST-STRESS MIBI|RestStress|STRESSREST|Rest + Stress|Stress and Rest|"
    "Ruhe/Belastung|Belastung und Ruhe|Effort-Repos|Effort et repos|Esfuerzo/Reposo|Esfuerzo y reposo|"
    "Sforzo e riposo|Esforço/Repouso|Gắng sức - nghỉ|Stress-Redistribution|Stress Redist Reinj|Stress Rest|"
    "STRESS_REST_AC|arrest|Cardiac arrest|restored|RESTORED AC|restoration|Forrest|DeForrest|FORREST|Everest|Brest|"
    "BREST AC|crest|interest|Region of interest|REGIONOFINTEREST|Prestress|PRESTRESS|PreStress|pre-stress|"
    "RESTRICTED|unrestricted|rest of body|Rest of study|Rest der Aufnahmen|Restaktivität|reste|forest|estrest|"
    "wrest|first|FIRST AC|worst|burst|Horst|Durst|Rastlos|Unruhe|Ruhestand|Ruheversion|Ruhrgebiet|repository|"
    "reposition|Repositioned AC|lateral|LAT AC|latest|plate|collate|translate|TRANSLATED AC|isolate|relay|astra|"
    "STRAP|AC|CTAC|IRAC|IRACOSEM|AC SA|Attenuation corrected|AttCorr AC|NCAT|4DM NCAT AC|SYNC|ENC|sync AC|LANCE|"
    "NCCT|France|Restless|Kirst|Karst|Erst|Thirst|unabated|released|Clate|NCT01234567 AC|no wall motion|RESTAURANT|"
    "INC|Myocard polar map AC|QPS|Screen Save|Save Screen|Results|Polar map|PolarMap_AC|4DM SPECT AC|Emory Toolbox|"
    "D-SPECT AC|Myokard AC|Nghị|Nghĩ|Nghi ngờ thiếu máu AC|Nguyen Van A|uncorrected for motion AC|"
    "motion uncorrected, AC|not motion corrected|no motion correction|no scatter correction|"
    "corrected for attenuation|motion corrected AC|Non-gated AC|No gating|Not gated|without CT report AC|corridor|"
    "uncorrelated|mit Schwächungskorrektur|avec correction d'atténuation|con corrección de atenuación|"
    "con correzione attenuazione|có hiệu chỉnh suy giảm|com correção de atenuação|bewegungskorrigiert|"
    "nicht bewegungskorrigiert|late gadolinium"
)
UNCORRECTED = lines(
    "NC|NAC|nac|Stress NAC|STRESS_NAC|StressNAC|NACStress|StrNC|STRNC|SANC|Stress NC SA|IRNC|STRESS IRNC|"
    "StressAC_IRNC|SAStrIRNC|IRNCSA|STR IRNCRR|TCNC|no AC|NoAC|NOAC|Stress_noAC|STRESSNOAC|no CTAC|noCTAC|NOCTAC|"
    "Stress (No CT AC)|non AC|non-AC|nonAC|NONAC|NOATTN|No Attn|no attenuation correction|no atten corr|NoAttCorr|"
    "non attenuation corrected|Stress not attenuation-corrected|w/o AC|w/o CTAC|wo AC|WOAC|"
    "W/O ATTENUATION CORRECTION|without AC|withoutAC|without attenuation correction|uncorr|UNCORR|Stress uncorr.|"
    "StressUncorr|uncorrected|Uncorrected SA|not corrected|non corrected|noncorr|non-corrected|AC off|CTAC OFF|"
    "attenuation correction: no|ohne AC|OHNE AC|Belastung ohne Schwächungskorrektur|ohne Schwaechungskorrektur|"
    "OHNE SCHWACHUNGSKORREKTUR|ohne SK|nicht korrigiert|unkorrigiert|unkorr|nicht schwächungskorrigiert|kein AC|"
    "sans AC|SANS CA|sans correction|sans correction d'atténuation|sans correction de l'attenuation|non corrigé|"
    "NON CORRIGE|Effort NCA|sin AC|SIN CORRECCIÓN|sin correccion de atenuacion|no corregido|sin CA|senza AC|"
    "senza correzione|senza correzione dell'attenuazione|non corretto|NON CORRETTA|sem AC|sem correção|"
    "SEM CORRECAO DE ATENUACAO|não corrigido|nao corrigida|không AC|khong hieu chinh|không hiệu chỉnh suy giảm|"
    "KHÔNG HIỆU CHỈNH|chưa hiệu chỉnh|w/oAC|W/OAC|UNCOR|No Att|NONCTAC|NotAC"
)
BOTH = lines(
    "RestNC|RST NAC|REST_IRNC|RSTIRNC|Ruhe ohne AC|Repos sans CA|Reposo sin AC|riposo senza AC|RESTNOAC|"
    "nghỉ không AC|REST_WOAC"
)
# fmt: on


def test_the_lists_are_long_enough_to_mean_something():
    assert len(RESTS) > 130
    assert len(STRESSES) > 50
    assert len(SILENT) > 130
    assert len(UNCORRECTED) > 90


@pytest.mark.parametrize(
    ("texts", "said"),
    [(RESTS, REST), (STRESSES, ()), (SILENT, ()), (UNCORRECTED, PLAIN), (BOTH, (*REST, *PLAIN))],
    ids=["rest", "stress", "silent", "uncorrected", "both"],
)
@pytest.mark.parametrize("form", ["NFC", "NFD", "bytes", "underscores"])
def test_what_a_series_says(texts, said, form):
    """Composed and decomposed marks, UTF-8 that was read as Latin-1, and underscores for blanks."""
    changed = {
        "NFC": lambda text: unicodedata.normalize("NFC", text),
        "NFD": lambda text: unicodedata.normalize("NFD", text),
        "bytes": lambda text: text.encode().decode("latin-1"),
        "underscores": lambda text: text.replace(" ", "_"),
    }[form]
    assert {text: says(changed(text)) for text in texts} == dict.fromkeys(texts, said)


def test_a_series_that_says_stress_is_not_refused_for_another_description():
    for text in STRESSES:
        assert not said_of({"SeriesDescription": text, "ProtocolName": "Rest"}), text


def test_a_series_that_says_nothing_leaves_it_to_the_next_description():
    for text in SILENT:
        assert said_of({"SeriesDescription": text, "ProtocolName": "Rest"}) == REST, text


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("texts", [RESTS, STRESSES, UNCORRECTED], ids=["rest", "stress", "uncorrected"])
def test_capitals_say_the_same(texts, upper):
    assert not [text for text in texts if says(text.upper() if upper else text.lower()) != says(text)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"StudyDescription": "NM Myocardial perfusion rest"}, REST),
        ({"StudyDescription": "Rest-Stress MIBI", "SeriesDescription": "Save Screen"}, ()),
        ({"StudyDescription": "Myocard Ruhe", "SeriesDescription": "Stress AC"}, ()),
        ({"StudyDescription": "Stress", "SeriesDescription": "RestAC"}, REST),
        ({"StudyDescription": "MPI single study at rest or stress"}, ()),
        ({"StudyDescription": "NC stress, late report, no AC unit"}, ()),
        ({"PerformedProcedureStepDescription": "Myocard Repos"}, REST),
        ({"PerformedProcedureStepDescription": "Repos/Effort", "StudyDescription": "Repos"}, REST),
        ({"ImageComments": "REST AC"}, REST),
        ({"ImageComments": "Patient had chest pain at rest before the injection"}, ()),
        ({"ImageComments": "Stress NC"}, PLAIN),
        ({"SeriesDescription": "Stress AC", "ProtocolName": "Myocard NAC"}, ()),
        ({"SeriesDescription": "Stress", "ProtocolName": "Myocard NAC"}, PLAIN),
        ({"ImageType": ["DERIVED", "SECONDARY", "RESTING"]}, REST),
        ({"SeriesDescription": None, "ProtocolName": ""}, ()),
        ({"SeriesDescription": "x" * 5000 + " RestAC"}, REST),
        ({"SeriesDescription": "RESTAC" * 2000}, ()),
    ],
)
def test_which_description_decides(fields, said):
    assert said_of(fields) == said


def test_a_run_together_series_of_a_whole_file(shared):
    pytest.importorskip("pydicom")
    assert read_screen((shared / "cases" / "refuse-series-RestAC.dcm").read_bytes()).says == REST
