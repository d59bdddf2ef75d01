"""Attempts by the second hand, written when the hints were done; they were not changed afterwards to fit."""

from answers.fresh import notebook

ATTEMPTS, attempt = notebook()


@attempt("01-normalise", "float|255|whole|cut|//")
def _(pixels):
    return ((pixels // 255 - 0.5) / 0.5).astype(np.float32)


@attempt("01-normalise", "0\\.5|range|divid|brackets|-1")
def _(pixels):
    return (pixels / 127.5 - 0.5).astype(np.float32)


@attempt("01-normalise", "float32|half|float16|dtype")
def _(pixels):
    return ((pixels / 255 - 0.5) / 0.5).astype(np.float16)


@attempt("01-normalise", "255|uint8|before|astype|wrap")
def _(pixels):
    return (pixels - 127) / np.float32(127)


@attempt("01-normalise", "0\\.5|second step|0\\.\\.1")
def _(pixels):
    pixels = pixels.astype(np.float32)
    return pixels / 255


@attempt("01-normalise")
def _(pixels):
    return np.interp(pixels, [0, 255], [-1, 1]).astype("float32")


@attempt("01-split", "class|10|all ten|every")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for label in range(1, 10):
        chosen[np.where(labels == label)[0][:count]] = True
    return chosen


@attempt("01-split", "tuple|where|flatnonzero")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        chosen[np.where(labels == label)[:count]] = True
    return chosen


@attempt("01-split", "copy|index once|positions")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        chosen[labels == label][:count] = True
    return chosen


@attempt("01-split", "return|position|mask|same length|list")
def _(labels, count):
    return [np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]


@attempt("01-split", "position|index|label")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        chosen[label : label + count] = True
    return chosen


@attempt("01-mean-digit", "255|range|0\\.\\.1")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0) / 255


@attempt("01-mean-digit", "sum|divide")
def _(pixels, labels, digit):
    return pixels[labels == digit].sum(axis=0)


@attempt("01-mean-digit", "digit|labels|mask|class")
def _(pixels, labels, digit):
    return pixels.mean(axis=0)


@attempt("01-mean-digit", "28|count|number of|divide")
def _(pixels, labels, digit):
    total = np.zeros((28, 28))
    for image, label in zip(pixels, labels):
        if label == digit:
            total += image
    return total / 28


@attempt("01-mean-digit", "==|comparison|mask|label")
def _(pixels, labels, digit):
    return pixels[labels != digit].mean(axis=0)


@attempt("01-mean-digit", "return.*loop|loop.*return|under the for")
def _(pixels, labels, digit):
    images = []
    for image, label in zip(pixels, labels):
        if label == digit:
            images.append(image)
        return np.mean(images, axis=0)


@attempt("02-output-size", "padding")
def _(size, kernel_size, stride, padding):
    return (size - kernel_size) // stride + 1


@attempt("02-output-size", "after the division|added after|only the steps|ceil|round")
def _(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size + 1) // stride


@attempt("02-output-size", "round down|up|ceil")
def _(size, kernel_size, stride, padding):
    return math.ceil((size + 2 * padding - kernel_size) / stride) + 1


@attempt("02-output-size", "add|minus|subtract|\\+ 1|larger")
def _(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // stride - 1


@attempt("02-output-size", "loop|forgets|count|\\+=")
def _(size, kernel_size, stride, padding):
    count = 0
    for left in range(0, size + 2 * padding - kernel_size + 1, stride):
        count = left
    return count


@attempt("02-output-size", "one number|int|side|tuple|one thing")
def _(size, kernel_size, stride, padding):
    side = (size + 2 * padding - kernel_size) // stride + 1
    return side, side


@attempt("02-parameters", "bias")
def _(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2 + in_channels


@attempt("02-parameters", "multipl|added|add")
def _(in_channels, out_channels, kernel_size):
    return (in_channels + out_channels) * kernel_size**2 + out_channels


@attempt("02-parameters", "out_channels|output")
def _(in_channels, out_channels, kernel_size):
    return in_channels * kernel_size**2 + 1


@attempt("02-parameters", "twice|biases|one for each|two")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size**2 + 2)


@attempt("02-parameters", "list|sum|numel|count|number")
def _(in_channels, out_channels, kernel_size):
    return [p.numel() for p in nn.Conv2d(in_channels, out_channels, kernel_size).parameters()]


@attempt("02-convolution", "mean|sum")
def _(image, kernel):
    K = len(kernel)
    out = np.zeros((image.shape[0] - K + 1, image.shape[1] - K + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + K, j : j + K] * kernel).mean()
    return out


@attempt("02-convolution", "made anew|each turn|before")
def _(image, kernel):
    K = len(kernel)
    for i in range(image.shape[0] - K + 1):
        out = np.zeros((image.shape[0] - K + 1, image.shape[1] - K + 1))
        for j in range(image.shape[1] - K + 1):
            out[i, j] = (image[i : i + K, j : j + K] * kernel).sum()
    return out


@attempt("02-convolution", "large|H - K|zeros|shape")
def _(image, kernel):
    K = len(kernel)
    out = np.zeros(image.shape)
    for i in range(image.shape[0] - K + 1):
        for j in range(image.shape[1] - K + 1):
            out[i, j] = (image[i : i + K, j : j + K] * kernel).sum()
    return out


@attempt("02-convolution", "transpos|j|column|swapped|rows")
def _(image, kernel):
    K = len(kernel)
    out = np.zeros((image.shape[0] - K + 1, image.shape[1] - K + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[j : j + K, i : i + K] * kernel).sum()
    return out


@attempt("02-convolution", "one row|flat|shape|reshape|list|array")
def _(image, kernel):
    K, out = len(kernel), []
    for i in range(image.shape[0] - K + 1):
        for j in range(image.shape[1] - K + 1):
            out.append((image[i : i + K, j : j + K] * kernel).sum())
    return np.array(out)


@attempt("02-convolution", "whole|int|float|cut")
def _(image, kernel):
    K = len(kernel)
    out = np.zeros((image.shape[0] - K + 1, image.shape[1] - K + 1), dtype=int)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + K, j : j + K] * kernel).sum()
    return out


@attempt("02-network", "padding")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "ReLU")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
        nn.ReLU(),
    )


@attempt("02-network", "(6|16).*(6|16)|layer|channels")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(16, 6, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "tanh")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.Tanh(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "Sequential")
def _():
    return [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Linear(16, 10)]


@attempt("03-step", "backward")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimiser.step()
    return loss.item()


@attempt("03-step", "step")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    return loss.item()


@attempt("03-step", "brackets|\\(\\)")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "argmax|logits|class")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs).argmax(dim=1), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "loop|many|100|once|one step|steps")
def _(model, inputs, labels, optimiser):
    for _ in range(100):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimiser.step()
    return loss.item()


@attempt("03-step", "brackets|\\(\\)|item")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item


@attempt("03-learning-rate", "rates|losses")
def _(learning_rates, losses):
    last = losses[:, -1]
    good = last[last <= 1.1 * last[np.isfinite(last)].min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "last|-1|way|all steps")
def _(learning_rates, losses):
    low = np.nanmin(losses, axis=1)
    good = learning_rates[low <= 1.1 * low.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "finite|1\\.1|limit")
def _(learning_rates, losses):
    good = learning_rates[np.isfinite(losses[:, -1])]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "first and the last|order|smallest")
def _(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * last[np.isfinite(last)].min()]
    return float(good[0]), float(good[-1])


@attempt("03-learning-rate", "tuple|two|list")
def _(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * last[np.isfinite(last)].min()]
    return [float(good.min()), float(good.max())]


@attempt("03-early-stopping", ">=|too late|reaches")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "equal|<|strictly")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss <= best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "update|best")
def _(validation_losses, patience):
    best, waited = validation_losses[0], 0
    for epoch, loss in enumerate(validation_losses[1:], 2):
        if loss < best:
            waited = 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "best")
def _(validation_losses, patience):
    return int(np.argmin(validation_losses)) + 1


@attempt("03-early-stopping", "patience|stop|future|walk")
def _(validation_losses, patience):
    return int(np.argmin(validation_losses)) + 1 + patience


@attempt("03-early-stopping", "only the last|1|from|one past|end|epoch")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return epoch + 1


@attempt("04-confusion", "10|side|max|always")
def _(labels, predictions):
    n = labels.max() + 1
    return np.bincount(n * labels + predictions, minlength=n * n).reshape(n, n)


@attempt("04-confusion", "diagonal|wrong|both|pair|labels")
def _(labels, predictions):
    return np.diag(np.bincount(labels[labels == predictions], minlength=10))


@attempt("04-confusion", "loop")
def _(labels, predictions):
    matrix = np.zeros((10, 10), dtype=int)
    for i in range(len(labels)):
        matrix[labels[i], predictions[i]] += 1
    return matrix


@attempt("04-confusion", "pair|10 \\*|number|prediction")
def _(labels, predictions):
    return np.bincount(labels + predictions, minlength=100).reshape(10, 10)


@attempt("04-confusion", "9|10|pair")
def _(labels, predictions):
    return np.bincount(9 * labels + predictions, minlength=100).reshape(10, 10)


@attempt("04-confusion", "count|fraction")
def _(labels, predictions):
    counts = np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)
    return counts / counts.sum(axis=1, keepdims=True)


@attempt("04-precision-recall", "row|column|both|same")
def _(matrix, digit):
    hits, row = matrix[digit, digit], matrix[digit].sum()
    value = float(hits / row) if row else math.nan
    return value, value


@attempt("04-precision-recall", "percent|fraction|100")
def _(matrix, digit):
    hits, column, row = matrix[digit, digit], matrix[:, digit].sum(), matrix[digit].sum()
    return float(100 * hits / column) if column else math.nan, float(100 * hits / row) if row else math.nan


@attempt("04-precision-recall", "all|column|row|sum")
def _(matrix, digit):
    hits = matrix[digit, digit]
    return float(hits / matrix.sum()), float(hits / matrix.sum())


@attempt("04-precision-recall", "None|nan|return")
def _(matrix, digit):
    hits, column, row = matrix[digit, digit], matrix[:, digit].sum(), matrix[digit].sum()
    return float(hits / column) if column else None, float(hits / row) if row else None


@attempt("04-precision-recall", "wrong|holds the right|all|itself|sum")
def _(matrix, digit):
    hits = matrix[digit, digit]
    column, row = matrix[:, digit].sum() - hits, matrix[digit].sum() - hits
    return float(hits / column) if column else math.nan, float(hits / row) if row else math.nan


@attempt("04-most-confused", "row|position|argmax|divmod|prediction")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    return int(m.argmax(axis=0)[0]), int(m.argmax(axis=1)[0])


@attempt("04-most-confused", "above|below")
def _(matrix):
    return divmod(int(np.triu(matrix, 1).argmax()), 10)


@attempt("04-most-confused", "smallest|argmin|largest")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, 10**6)
    return divmod(int(m.argmin()), 10)


@attempt("04-most-confused", "count|pair")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    label, prediction = divmod(int(m.argmax()), 10)
    return label, prediction, int(matrix[label, prediction])


@attempt("04-most-confused", "ten numbers|row of|every row|diagonal")
def _(matrix):
    return divmod(int((matrix - np.diag(matrix)).argmax()), 10)


@attempt("04-calibration", "largest|max|each image|axis")
def _(probabilities, labels, threshold):
    kept = probabilities >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits.mean())


@attempt("04-calibration", "percent|100|fraction")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(100 * kept.mean()), float(100 * hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", "wrong|right|error|==")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) != labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", "right class|label|largest")
def _(probabilities, labels, threshold):
    sure = probabilities[range(len(labels)), labels] >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(sure.mean()), float(hits[sure].mean()) if sure.any() else math.nan


@attempt("04-calibration", "below|>=")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) <= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("05-polarity", "row|edge|ring")
def _(pixels):
    return 255 - pixels if pixels[0].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "inside|ring|border")
def _(pixels):
    return 255 - pixels if pixels[1:-1, 1:-1].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "255|wrap|1 - ")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 1 - pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "127|0\\.5|limit")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean() > 0.5 else pixels.copy()


@attempt("05-polarity", "uint8|float|astype")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255.0 - pixels if pixels[ring].mean() > 127.5 else pixels.astype(float)


@attempt("05-polarity", "brackets|\\(\\)|mean")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean > 127.5 else pixels.copy()


@attempt("05-polarity", "changes|change|new|damage|copy")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    if pixels[ring].mean() > 127.5:
        pixels[:] = 255 - pixels
    return pixels.copy()


@attempt("05-centre", "round|int|cut|fraction")
def _(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arange(w.shape[0]) / w.sum()
    column = w.sum(axis=0) @ np.arange(w.shape[1]) / w.sum()
    return int(row), int(column)


@attempt("05-centre", "brightest|max|mean")
def _(pixels):
    row, column = divmod(int(pixels.argmax()), pixels.shape[1])
    return float(row), float(column)


@attempt("05-centre", "box|weigh")
def _(pixels):
    rows, columns = np.nonzero(pixels)
    return float((rows.min() + rows.max()) / 2), float((columns.min() + columns.max()) / 2)


@attempt("05-centre", "number of pixels|size|sum of|divide")
def _(pixels):
    w = pixels.astype(float)
    rows, columns = np.indices(w.shape)
    return float((rows * w).mean()), float((columns * w).mean())


@attempt("05-centre", "row|number|weigh|arange|brightness|position")
def _(pixels):
    return float(pixels.sum(axis=1).mean()), float(pixels.sum(axis=0).mean())


@attempt("05-centre", "uint8|wrap|astype|255")
def _(pixels):
    row = column = total = np.uint8(0)
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            row += np.uint8(i) * pixels[i, j]
            column += np.uint8(j) * pixels[i, j]
            total += pixels[i, j]
    return float(row / total), float(column / total)


@attempt("05-reader", "argmin|least|argmax")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(path))).argmin())


@attempt("05-reader", "to_input|batch")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_mnist(path)).argmax())


@attempt("05-reader", "invert|255")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(255 - to_mnist(path))).argmax())


@attempt("05-reader", "argmax|logits")
def _(path):
    model = load_model(COURSE / "model.pth")
    return model(to_input(to_mnist(path)))


@attempt("05-reader", "to_mnist")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(np.asarray(Image.open(path)))).argmax())


@attempt("05-reader", "int|item|float")
def _(path):
    model = load_model(COURSE / "model.pth")
    return float(model(to_input(to_mnist(path))).argmax())


@attempt("05-reader")
def _(path):
    picture = to_mnist(path)
    logits = load_model(COURSE / "model.pth")(to_input(picture))[0].tolist()
    return max(range(10), key=logits.__getitem__)
