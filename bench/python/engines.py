"""The peers with a Python interface: from a model file's bytes to a function of f32 rows, NaN = missing, one thread.

What the function gives is flat: margins (XGBoost, treelite) or probabilities of class 1 (the others).
"""


def xgboost_inplace(data):
    import xgboost

    booster = xgboost.Booster(model_file=bytearray(data))
    booster.set_param({"nthread": 1})
    return lambda rows: booster.inplace_predict(rows, predict_type="margin")


def treelite_gtil(data):
    import treelite

    model = treelite.Model.deserialize_bytes(data)
    return lambda rows: treelite.gtil.predict(model, rows, nthread=1, pred_margin=True).reshape(-1)


def onnxruntime(data):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(["probabilities"], {"rows": rows})[0][:, 1]


def daal4py(data):
    import daal4py
    import xgboost
    from daal4py.mb import convert_model

    daal4py.daalinit(1)
    model = convert_model(xgboost.Booster(model_file=bytearray(data)))
    return lambda rows: model.predict_proba(rows)[:, 1]


ENGINES = {
    "xgboost-inplace": xgboost_inplace,
    "treelite-gtil": treelite_gtil,
    "onnxruntime": onnxruntime,
    "daal4py": daal4py,
}
