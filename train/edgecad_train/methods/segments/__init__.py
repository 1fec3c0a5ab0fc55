"""Methods on means of the 17 segments and the total deficit.

values      the 18 columns, standardised, and where each lies on the disc
spreading   what each column says of the score, spread over its place on the disc
svm, boosting, mlp, logistic    rows of a study
"""
