"""The words by which descriptions say rest, stress and attenuation correction, in seven languages: data and no rule.

Words are written in lower case with their marks; a description may leave the marks out. Commas part them. A phrase is
of several words, which may stand apart, be run together or be joined by any sign. A new word is one more in its line.
"""

from __future__ import annotations

REST = {
    "English": "rest, resting, rst, grest, grst, rstg, restg, redist, redistr, redistrib, redistribution, rdst,"
    " reinj, reinjection, reinjected, at rest, resting state",
    "German": "ruhe, ruhestudie, ruheaufnahme, ruheaufnahmen, ruhephase, ruhebild, ruhebilder, ruheszintigramm,"
    " ruheszintigrafie, ruheszintigraphie, ruheuntersuchung, ruheperfusion, ruhemyokard, ruheinjektion,"
    " redistribution, redistributionsaufnahme, reinjektion, rückverteilung, ruhebedingungen",
    "French": "repos, redistribution, réinjection",
    "Spanish": "reposo, redistribución, reinyección",
    "Italian": "riposo, ridistribuzione, redistribuzione, reiniezione",
    "Portuguese": "repouso, redistribuição, reinjeção, reinjecção",
    "Vietnamese": "nghỉ, nghỉ ngơi, pha nghỉ, tĩnh nghỉ, tái phân bố, tái phân bổ",
}
LATE = {
    "English": "late, delay, delayed, delays",
    "German": "spät, spätaufnahme, spätaufnahmen, spätbild, spätphase, verzögert",
    "French": "tardif, tardifs, tardive, tardives, différé",
    "Spanish": "tardío, tardía, diferido",
    "Italian": "tardivo, tardiva, tardive, ritardata",
    "Portuguese": "tardio, tardia",
    "Vietnamese": "muộn, pha muộn, thì muộn",
}
"""A late image shows redistribution. In a sentence these words may mean something else."""
STRESS = {
    "English": "stress, stressed, str, strs, gstr, strg, gstress, stressg, strss, exercise, exer, ergo, ergometer,"
    " ergometry, treadmill, adenosine, adeno, regadenoson, rega, lexiscan, dipyridamole, dipy,"
    " persantine, persantin, dobutamine, dobu, pharm, poststress",
    "German": "belastung, belast, bel, belastungsstudie, belastungsaufnahme, belastungsphase,"
    " belastungsszintigraphie, ergometrie, adenosin, regadenoson, dipyridamol, dobutamin, fahrrad",
    "French": "effort, épreuve d effort, adénosine, régadénoson, dipyridamole",
    "Spanish": "esfuerzo, estrés, ejercicio, adenosina, dipiridamol",
    "Italian": "sforzo, da sforzo, adenosina, dipiridamolo, esercizio",
    "Portuguese": "esforço, estresse, exercício, adenosina, dipiridamol",
    "Vietnamese": "gắng sức, pha gắng sức, vận động",
}
NO = {
    "English": "no, non, not, without, w o, wo, w out",
    "German": "ohne, kein, keine, nicht",
    "French": "sans, pas de, pas d, non",
    "Spanish": "sin, no",
    "Italian": "senza, non",
    "Portuguese": "sem, não",
    "Vietnamese": "không, chưa, không có",
}
ATTENUATION_CORRECTION = {
    "English": "ac, ctac, ct ac, muac, irac, att corr, attn corr, atten corr, attcorr, attncorr, ac corr,"
    " ac corrected, attenuation corr, attenuation corrected, attenuation correction,"
    " attenuation compensation",
    "German": "schwächungskorrektur, schwächungskorr, schwächungskorrigiert, schwächungs korrektur,"
    " absorptionskorrektur, absorptionskorrigiert",
    "French": "correction d atténuation, correction de l atténuation, correction de atténuation,"
    " correction atténuation, corr att, corr atténuation, atténuation corrigée, corrigé de l atténuation",
    "Spanish": "corrección de atenuación, corrección de la atenuación, corrección por atenuación,"
    " corrección atenuación, corr atenuación, corregido por atenuación",
    "Italian": "correzione dell attenuazione, correzione di attenuazione, correzione per attenuazione,"
    " correzione attenuazione, corr attenuazione",
    "Portuguese": "correção de atenuação, correção da atenuação, correcção de atenuação, correcção da atenuação,"
    " correção atenuação, corr atenuação",
    "Vietnamese": "hiệu chỉnh suy giảm, hiệu chỉnh giảm âm, hiệu chỉnh ac, hiệu chỉnh hấp thụ, bù suy giảm",
}
CORRECTED = {
    "English": "corr, correct, corrected, correction, att, attn, atten, attenuation",
    "German": "korr, korrigiert, korrektur, schwächung",
    "French": "corr, corrigé, corrigée, correction, atténuation",
    "Spanish": "corr, corregido, corregida, corregir, corrección, atenuación",
    "Italian": "corr, corretto, corretta, correzione, attenuazione",
    "Portuguese": "corr, corrigido, corrigida, correção, correcção, atenuação",
    "Vietnamese": "hiệu chỉnh, được hiệu chỉnh, suy giảm",
}
"""Says nothing alone: a map may be corrected for something else."""
UNCORRECTED = {
    "English": "nac, nc, nonac, irnc, noac, ac off, ctac off, ac none, attenuation correction off,"
    " attenuation correction no, attenuation correction none, noncorr, noncorrected, w oac, w octac",
    "German": "ohne sk",
    "French": "nca, sans ca",
    "Spanish": "nca, sin ca",
    "Italian": "nca, senza ca",
    "Portuguese": "nca, sem ca",
}
"""Beside every word of `NO` before every one of `ATTENUATION_CORRECTION`. The short ones are labels, not prose."""
UNCORRECTED_FOR_ALL = {
    "English": "uncor, uncorr, uncorrect, uncorrected",
    "German": "unkorr, unkorrigiert, schwächungsunkorrigiert",
}
"""Beside every word of `NO` before every one of `CORRECTED`. It does not count beside one of `OTHER_CORRECTIONS`."""
OTHER_CORRECTIONS = (
    "motion, movement, scatter, decay, patient motion, dead time, center of rotation, gating,"
    " arrhythmia, ecg, depth, partial volume, resolution, uniformity, bewegung, bewegungs,"
    " bewegungskorrektur, streu, streuung, streustrahlung, mouvement, diffusion, diffusé, movimiento,"
    " dispersión, movimento, diffusione, diffuse, espalhamento, chuyển động, tán xạ"
)
"""What else a map may be corrected for."""
LINKS = "for, of, the, in, from, für, auf, pour, du, de, des, le, la, para, por, per, do, il, cho, về"
ELSE = (
    "rest of, rest der, rest des, rest vom, nghi ngờ, ncct, ncat, nc ct, prestress, pre stress,"
    " translate, isolate, late gadolinium, late enhancement, late gd, lge"
)
"""Phrases that hold one of the words above and say nothing of it."""
FRAGMENTS = (
    "sa, sax, gsa, gsax, hla, vla, sha, short, axis, long, trans, transax, transaxial, transaxials, tx,"
    " tomo, tomos, gtomo, gated, gate, gat, ungated, nongated, ung, spect, gspect, dspect, pet, ct, nm,"
    " em, cardiac, cardio, card, heart, herz, coeur, cuore, myo, myoc, myocard, myocardial, myokard,"
    " myocarde, miocardio, miocardica, perf, perfusion, mpi, mps, mpspect, mibi, sestamibi, setamibi,"
    " tetro, tetrofosmin, myoview, cardiolite, tc, tcm, tl, thallium, rb, ammonia, osem, fbp, mlem, ir,"
    " recon, rec, rr, irrr, sc, mc, nsc, evo, evolution, astonish, flash, wbr, iq, smart, smartzoom,"
    " xact, sum, summed, sumd, static, dyn, dynamic, ect, qps, qgs, dm, polar, polarmap, bullseye,"
    " bulls, eye, supine, prone, sup, pron, upright, day, post, early, final, series, study, studie,"
    " estudio, etude, studio, scan, image, images, img, acq, results, result, screen, save, screenshot,"
    " capture, aufnahme, bild, bilder, phase, fase, pha, untersuchung, szinti, szintigraphie,"
    " szintigramm, raw, vol, volume, emission, map, data, lv, nlm, filt, filtered, unfilt,"
    " butter, tim, tưới máu, xạ hình"
)
"""What stands run together with the words above and says nothing."""
