"""Clinical columns beside the image: which may be used, and the logistic model that joins them with its log-odds.

columns    cells -> values of one kind; what cannot be meant or used is refused
disguise   columns that are the label in another form, or that are there for one class alone
fitting    the penalised logistic regression, its coefficients and intervals
fusing     out-of-fold log-odds and columns -> the fused model, its decision and figures
together   what columns tell together: the label in parts, and one thing twice
judged     the fused model on other patients
usable     whose values it could use, class by class
"""
