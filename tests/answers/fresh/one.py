"""Attempts by the first hand."""

from answers.fresh import notebook

ATTEMPTS, attempt = notebook()


@attempt("01-normalise", "255")
def _(pixels):
    return ((pixels / pixels.max() - 0.5) / 0.5).astype(np.float32)


@attempt("01-normalise", "float32|astype")
def _(pixels):
    return (pixels / 255 - 0.5) / 0.5


@attempt("01-normalise", "-1|0\\.5")
def _(pixels):
    return (pixels / 255 - 0.5).astype(np.float32)


@attempt("01-normalise", "bracket|before|first")
def _(pixels):
    return (pixels / 255 - 0.5 / 0.5).astype(np.float32)


@attempt("01-normalise", "empty|never filled|zeros|left as|does not use|is never used")
def _(pixels):
    result = np.zeros_like(pixels)
    for i in range(len(pixels)):
        result[i] = (pixels[i] / 255 - 0.5) / 0.5
    return result


@attempt("01-normalise", "return.*loop|loop.*return")
def _(pixels):
    out = np.zeros(pixels.shape, dtype=np.float32)
    for i in range(len(pixels)):
        out[i] = (pixels[i] / 255 - 0.5) / 0.5
        return out


@attempt("01-normalise", "five|pixels|parameter")
def _(pixels):
    return ((five / 255 - 0.5) / 0.5).astype(np.float32)


@attempt("01-normalise", "array|astype|numpy")
def _(pixels):
    return torch.tensor((pixels / 255 - 0.5) / 0.5, dtype=torch.float32)


@attempt("01-normalise", "deviation|mean|255")
def _(pixels):
    return ((pixels - pixels.mean()) / pixels.std()).astype(np.float32)


@attempt("01-normalise")
def _(pixels):
    return (pixels.astype(np.float32) - 127.5) / 127.5


@attempt("01-normalise")
def _(pixels):
    scaled = np.float32(pixels) / 255
    return (scaled - 0.5) * 2


@attempt("01-split", "count")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[:50]] = True
    return chosen


@attempt("01-split", "bool")
def _(labels, count):
    chosen = np.zeros(len(labels))
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[:count]] = 1
    return chosen


@attempt("01-split", "loop|class")
def _(labels, count):
    for label in np.unique(labels):
        chosen = np.zeros(len(labels), dtype=bool)
        chosen[np.flatnonzero(labels == label)[:count]] = True
    return chosen


@attempt("01-split", "position|flatnonzero|mask")
def _(labels, count):
    chosen = []
    for label in np.unique(labels):
        chosen.extend(np.flatnonzero(labels == label)[:count])
    return np.array(chosen)


@attempt("01-split", "7|seven|every class|each class")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    chosen[np.flatnonzero(labels == 7)[:count]] = True
    return chosen


@attempt("01-split", "return.*loop|loop.*return")
def _(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[:count]] = True
        return chosen


@attempt("01-split", "list|array")
def _(labels, count):
    seen, chosen = {}, []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        chosen.append(seen[label] <= count)
    return chosen


@attempt("01-split", "<=|one too|count")
def _(labels, count):
    seen = np.zeros(10, int)
    chosen = np.zeros(len(labels), dtype=bool)
    for i, label in enumerate(labels):
        seen[label] += 1
        chosen[i] = seen[label] < count
    return chosen


@attempt("01-split", "bool|mask|positions")
def _(labels, count):
    return np.concatenate([labels[labels == c][:count] for c in np.unique(labels)])


@attempt("01-split")
def _(labels, count):
    seen, chosen = {}, []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        chosen.append(seen[label] <= count)
    return np.array(chosen)


@attempt("01-split", "first_of_each_class|helper|itself|yourself")
def _(labels, count):
    return first_of_each_class(labels, count)


@attempt("01-mean-digit", "axis")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean()


@attempt("01-mean-digit", "axis")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=1)


@attempt("01-mean-digit", "axis")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=(1, 2))


@attempt("01-mean-digit", "keepdims|\\[0\\]|axis")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0, keepdims=True)


@attempt("01-mean-digit", "round")
def _(pixels, labels, digit):
    return np.round(pixels[labels == digit].mean(axis=0))


@attempt("01-mean-digit", "digit")
def _(pixels, labels, digit):
    return pixels[labels == 5].mean(axis=0)


@attempt("01-mean-digit", "uint8|whole|float|astype")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0).astype(np.uint8)


@attempt("01-mean-digit", "uint8|overflow|255")
def _(pixels, labels, digit):
    total = np.zeros((28, 28), dtype=np.uint8)
    for image in pixels[labels == digit]:
        total += image
    return total / (labels == digit).sum()


@attempt("01-mean-digit", "class|images of|len\\(|number of")
def _(pixels, labels, digit):
    return pixels[labels == digit].sum(axis=0) / len(pixels)


@attempt("01-mean-digit", "labels")
def _(pixels, labels, digit):
    return pixels[digit].astype(float)


@attempt("01-mean-digit", "=|add|\\+=")
def _(pixels, labels, digit):
    total = np.zeros((28, 28))
    for image in pixels[labels == digit]:
        total = image
    return total / (labels == digit).sum()


@attempt("01-mean-digit", "median|mean")
def _(pixels, labels, digit):
    return np.median(pixels[labels == digit], axis=0)


@attempt("01-mean-digit")
def _(pixels, labels, digit):
    return np.mean([p for p, l in zip(pixels, labels) if l == digit], axis=0)


@attempt("02-output-size", "both|2 \\*")
def _(size, kernel_size, stride, padding):
    return (size + padding - kernel_size) // stride + 1


@attempt("02-output-size", "bracket")
def _(size, kernel_size, stride, padding):
    return size + 2 * padding - kernel_size // stride + 1


@attempt("02-output-size", "add 1|\\+ 1")
def _(size, kernel_size, stride, padding):
    return int((size + 2 * padding - kernel_size) / stride)


@attempt("02-output-size", "count|steps|one too|loop|\\+ 1|add 1|last place")
def _(size, kernel_size, stride, padding):
    places = 0
    for left in range(0, size + 2 * padding - kernel_size, stride):
        places += 1
    return places


@attempt("02-output-size", "stride")
def _(size, kernel_size, stride, padding):
    return size + 2 * padding - kernel_size + 1


@attempt("02-output-size", "kernel_size")
def _(size, kernel_size, stride, padding):
    return (size + 2 * padding - 5) // stride + 1


@attempt("02-output-size", "//|int|float")
def _(size, kernel_size, stride, padding):
    return np.floor((size + 2 * padding - kernel_size) / stride) + 1


@attempt("02-output-size", "stride|power|\\^|//")
def _(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) % stride + 1


@attempt("02-output-size", "4|both|two|2 \\*")
def _(size, kernel_size, stride, padding):
    return (size + 4 * padding - kernel_size) // stride + 1


@attempt("02-output-size", "print.*return|return")
def _(size, kernel_size, stride, padding):
    print((size + 2 * padding - kernel_size) // stride + 1)


@attempt("02-output-size")
def _(size, kernel_size, stride, padding):
    return nn.Conv2d(1, 1, kernel_size, stride, padding)(torch.zeros(1, 1, size, size)).shape[-1]


@attempt("02-parameters", "bias")
def _(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size * kernel_size


@attempt("02-parameters", "\\*\\*|\\^")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size ^ 2 + 1)


@attempt("02-parameters", "\\*\\*|\\^")
def _(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * (kernel_size ^ 2) + out_channels


@attempt("02-parameters", "numel|shape|count")
def _(in_channels, out_channels, kernel_size):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size)
    return layer.weight.shape


@attempt("02-parameters", "bias")
def _(in_channels, out_channels, kernel_size):
    return nn.Conv2d(in_channels, out_channels, kernel_size).weight.numel()


@attempt("02-parameters", "bracket|bias")
def _(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size**2 + 1


@attempt("02-parameters", "in_channels|input channel")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (kernel_size**2 + 1)


@attempt("02-parameters", "square|kernel_size \\* kernel_size|\\*\\* 2")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size * 2 + 1)


@attempt("02-parameters", "model|global|parameter|in_channels")
def _(in_channels, out_channels, kernel_size):
    return count_parameters(model.conv1)


@attempt("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return count_parameters(nn.Conv2d(in_channels, out_channels, kernel_size))


@attempt("02-convolution", "place|H - K \\+ 1|last")
def _(image, kernel):
    K = len(kernel)
    H, W = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H - K):
        for j in range(W - K):
            out[i, j] = (image[i : i + K, j : j + K] * kernel).sum()
    return out


@attempt("02-convolution", "range|output|fit|H - K")
def _(image, kernel):
    K = len(kernel)
    H, W = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H):
        for j in range(W):
            out[i, j] = (image[i : i + K, j : j + K] * kernel).sum()
    return out


@attempt("02-convolution", "@|matrix product|entry by entry")
def _(image, kernel):
    K = len(kernel)
    H, W = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H - K + 1):
        for j in range(W - K + 1):
            out[i, j] = (image[i : i + K, j : j + K] @ kernel).sum()
    return out


@attempt("02-convolution", "3|K|len\\(kernel\\)|size of the kernel")
def _(image, kernel):
    H, W = image.shape
    out = np.zeros((H - 2, W - 2))
    for i in range(H - 2):
        for j in range(W - 2):
            out[i, j] = (image[i : i + 3, j : j + 3] * kernel).sum()
    return out


@attempt("02-convolution", "swapped|height|shape\\[0\\]")
def _(image, kernel):
    K = kernel.shape[0]
    W, H = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H - K + 1):
        for j in range(W - K + 1):
            out[i, j] = np.sum(image[i : i + K, j : j + K] * kernel)
    return out


@attempt("02-convolution", "return.*loop|loop.*return")
def _(image, kernel):
    K = len(kernel)
    H, W = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H - K + 1):
        for j in range(W - K + 1):
            out[i, j] = np.sum(image[i : i + K, j : j + K] * kernel)
        return out


@attempt("02-convolution", "sum")
def _(image, kernel):
    K = len(kernel)
    H, W = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H - K + 1):
        for j in range(W - K + 1):
            out[i, j] = image[i : i + K, j : j + K] * kernel
    return out


@attempt("02-convolution", "\\+=|add")
def _(image, kernel):
    K = len(kernel)
    H, W = image.shape
    out = np.zeros((H - K + 1, W - K + 1))
    for i in range(H - K + 1):
        for j in range(W - K + 1):
            for a in range(K):
                for b in range(K):
                    out[i, j] = image[i + a, j + b] * kernel[a, b]
    return out


@attempt("02-convolution", "flip|turn|\\[::-1\\]")
def _(image, kernel):
    kernel = np.flip(kernel)
    K = len(kernel)
    out = np.zeros((image.shape[0] - K + 1, image.shape[1] - K + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i : i + K, j : j + K] * kernel)
    return out


@attempt("02-convolution", "x|global|image")
def _(image, kernel):
    return F.conv2d(x, torch.tensor(kernel, dtype=torch.float32)[None, None])[0, 0].numpy()


@attempt("02-convolution")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


@attempt("02-network", "ReLU")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.Linear(120, 84),
        nn.Linear(84, 10),
    )


@attempt("02-network", "bracket|\\(\\)|object|class")
def _():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU, nn.AvgPool2d(2), nn.Flatten(), nn.Linear(1176, 10))


@attempt("02-network", "adaptive|whole map|global")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "flatten")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Linear(16, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "max|average")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "softmax|logits")
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
        nn.Softmax(dim=1),
    )


@attempt("02-network", "Sequential|yourself")
def _():
    return LeNet(seed=0)


@attempt("02-network", "list|Sequential|\\*")
def _():
    layers = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 10)]
    return nn.Sequential(layers)


@attempt("02-network", "order|before|after|ReLU")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.AvgPool2d(2),
        nn.ReLU(),
        nn.Conv2d(6, 16, 5),
        nn.AvgPool2d(2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@attempt("02-network", "84|layer|Linear")
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
        nn.Linear(120, 10),
    )


@attempt("02-network")
def _():
    net = nn.Sequential()
    net.append(nn.Conv2d(1, 6, 5, padding=2)).append(nn.ReLU()).append(nn.AvgPool2d(2))
    net.append(nn.Conv2d(6, 16, 5)).append(nn.ReLU()).append(nn.AvgPool2d(2)).append(nn.AdaptiveAvgPool2d(1))
    net.append(nn.Flatten()).append(nn.Linear(16, 120)).append(nn.ReLU()).append(nn.Linear(120, 84))
    return net.append(nn.ReLU()).append(nn.Linear(84, 10))


@attempt("03-step", "zero_grad")
def _(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "item|float")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss


@attempt("03-step", "item|float")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.detach().numpy()


@attempt("03-step", "softmax|logits")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs).softmax(dim=1), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "optimiser")
def _(model, inputs, labels, optimiser):
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "batch|inputs|labels")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(batch), batch_labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "step|bracket|\\(\\)")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step
    return loss.item()


@attempt("03-step", "zero_grad|order|before backward")
def _(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


@attempt("03-step", "before the step|after")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    F.cross_entropy(model(inputs), labels).backward()
    optimiser.step()
    return F.cross_entropy(model(inputs), labels).item()


@attempt("03-step", "logits come first|order|labels")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(labels, model(inputs))
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "sum|mean|average")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, reduction="sum")
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", "training_step|item|float")
def _(model, inputs, labels, optimiser):
    return training_step(model, inputs, labels, optimiser)


@attempt("03-learning-rate", "best|all rates|range|1\\.1")
def _(learning_rates, losses):
    best = np.nanargmin(losses[:, -1])
    return float(learning_rates[best]), float(learning_rates[best])


@attempt("03-learning-rate", "-1|last")
def _(learning_rates, losses):
    last = losses[-1]
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "finite|nan")
def _(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "order|low|smallest")
def _(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = learning_rates[last <= 1.1 * last[finite].min()]
    return float(good.max()), float(good.min())


@attempt("03-learning-rate", "tuple|two|pair|both")
def _(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    return learning_rates[last <= 1.1 * last[finite].min()]


@attempt("03-learning-rate", "rates|learning_rates|global")
def _(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = rates[: len(last)][last <= 1.1 * last[finite].min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "mask|length|same|size|shape|filter")
def _(learning_rates, losses):
    last = losses[:, -1]
    last = last[np.isfinite(last)]
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", "1\\.1|limit|times")
def _(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= 1.01 * last[finite].min())]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate")
def _(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * np.min(last[np.isfinite(last)])]
    return good.min(), good.max()


@attempt("03-early-stopping", "epoch|return")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return loss
    return validation_losses[-1]


@attempt("03-early-stopping", "from 1|start=1|zero|\\+ 1")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "never stops|last epoch|after the loop|every way")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch


@attempt("03-early-stopping", "reset|back to 0")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best = loss
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "return.*loop|loop.*return|indent")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
        return len(validation_losses)


@attempt("03-early-stopping", "before|best so far|previous")
def _(validation_losses, patience):
    waited = 0
    for i in range(1, len(validation_losses)):
        if validation_losses[i] >= validation_losses[i - 1]:
            waited += 1
        else:
            waited = 0
        if waited == patience:
            return i + 1
    return len(validation_losses)


@attempt("03-early-stopping", "best.*start|inf|lowest|first|never")
def _(validation_losses, patience):
    best, waited = 0, 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "\\+=|adds|count")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited = 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", "patience")
def _(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == 2:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping")
def _(validation_losses, patience):
    best = 0
    for i, loss in enumerate(validation_losses):
        if loss < validation_losses[best]:
            best = i
        if i - best == patience:
            return i + 1
    return len(validation_losses)


@attempt("04-confusion", "loop")
def _(labels, predictions):
    matrix = np.zeros((10, 10), dtype=int)
    for label, prediction in zip(labels, predictions):
        matrix[label, prediction] += 1
    return matrix


@attempt("04-confusion", "reshape|\\(10, 10\\)")
def _(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=100)


@attempt("04-confusion", "minlength|100")
def _(labels, predictions):
    return np.bincount(10 * labels + predictions).reshape(10, 10)


@attempt("04-confusion", "row|transpose|swapped")
def _(labels, predictions):
    return np.bincount(labels + 10 * predictions, minlength=100).reshape(10, 10)


@attempt("04-confusion", "np.add.at|once|repeated|twice|bincount")
def _(labels, predictions):
    matrix = np.zeros((10, 10), dtype=int)
    matrix[labels, predictions] += 1
    return matrix


@attempt("04-confusion", "int|dtype|float")
def _(labels, predictions):
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


@attempt("04-confusion", "confusion_matrix|itself|helper|hand")
def _(labels, predictions):
    return confusion_matrix(labels, predictions)


@attempt("04-confusion", "evaluation|global|labels")
def _(labels, predictions):
    pairs = 10 * evaluation.labels + evaluation.predictions
    return np.bincount(pairs, minlength=100).reshape(10, 10)


@attempt("04-confusion", "matrix|global|labels")
def _(labels, predictions):
    return matrix


@attempt("04-confusion")
def _(labels, predictions):
    return np.histogram2d(labels, predictions, bins=10, range=[[0, 10], [0, 10]])[0].astype(int)


@attempt("04-precision-recall", "swapped|order|column")
def _(matrix, digit):
    hits = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    return float(hits / row) if row else math.nan, float(hits / column) if column else math.nan


@attempt("04-precision-recall", "nan|0 / 0|divide")
def _(matrix, digit):
    hits = int(matrix[digit, digit])
    return hits / int(matrix[:, digit].sum()), hits / int(matrix[digit].sum())


@attempt("04-precision-recall", "nan|0")
def _(matrix, digit):
    hits = matrix[digit, digit]
    column, row = matrix[:, digit].sum(), matrix[digit].sum()
    return float(hits / column) if column else 0.0, float(hits / row) if row else 0.0


@attempt("04-precision-recall", "digit|9")
def _(matrix, digit):
    hits, column, row = matrix[9, 9], matrix[:, 9].sum(), matrix[9].sum()
    return float(hits / column) if column else math.nan, float(hits / row) if row else math.nan


@attempt("04-precision-recall", "digit|one|all")
def _(matrix, digit):
    return precision_recall(matrix)


@attempt("04-precision-recall", "precisions|helper|global|matrix")
def _(matrix, digit):
    return float(precisions[digit]), float(recalls[digit])


@attempt("04-precision-recall", "each|separately|own|only|one of")
def _(matrix, digit):
    hits, column, row = matrix[digit, digit], matrix[:, digit].sum(), matrix[digit].sum()
    if column == 0 or row == 0:
        return math.nan, math.nan
    return float(hits / column), float(hits / row)


@attempt("04-precision-recall", "nan|string|float")
def _(matrix, digit):
    hits, column, row = matrix[digit, digit], matrix[:, digit].sum(), matrix[digit].sum()
    return float(hits / column) if column else "nan", float(hits / row) if row else "nan"


@attempt("04-precision-recall")
def _(matrix, digit):
    def share(whole):
        return float(matrix[digit, digit] / whole.sum()) if whole.any() else float("nan")

    return share(matrix[:, digit]), share(matrix[digit])


@attempt("04-most-confused", "diagonal")
def _(matrix):
    label, prediction = divmod(int(matrix.argmax()), 10)
    return label, prediction


@attempt("04-most-confused", "copy|changed|stay")
def _(matrix):
    np.fill_diagonal(matrix, 0)
    label, prediction = divmod(int(matrix.argmax()), 10)
    return label, prediction


@attempt("04-most-confused", "-1|no mistake|0")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, 0)
    return divmod(int(m.argmax()), 10)


@attempt("04-most-confused", "divmod|row and column|position")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    return int(m.argmax())


@attempt("04-most-confused", "order|label|swapped")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    label, prediction = divmod(int(m.argmax()), 10)
    return prediction, label


@attempt("04-most-confused", "first|tie|equal|smallest")
def _(matrix):
    best, pair = -1, (0, 0)
    for i in range(10):
        for j in range(10):
            if i != j and matrix[i, j] >= best:
                best, pair = matrix[i, j], (i, j)
    return pair


@attempt("04-most-confused", "both|direction|symmetr|\\+ matrix.T|added|add")
def _(matrix):
    m = matrix + matrix.T
    np.fill_diagonal(m, -1)
    label, prediction = divmod(int(m.argmax()), 10)
    return label, prediction


@attempt("04-most-confused", "fill_diagonal|None|in place")
def _(matrix):
    m = np.fill_diagonal(matrix.copy(), -1)
    return divmod(int(m.argmax()), 10)


@attempt("04-most-confused", "counts|only the diagonal|argmax|position|max")
def _(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    return int(m.max()), int(m.argmax())


@attempt("04-most-confused")
def _(matrix):
    m = matrix - np.diag(np.diag(matrix) + 1)
    i, j = np.unravel_index(m.argmax(), m.shape)
    return int(i), int(j)


@attempt("04-calibration", ">=|reach|equal")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) > threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", "fraction|mean|share")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return int(kept.sum()), int(hits[kept].sum())


@attempt("04-calibration", "axis")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=0) >= threshold
    hits = probabilities.argmax(axis=0) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", "nan|none")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else 0.0


@attempt("04-calibration", "among|kept|answered")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits.mean())


@attempt("04-calibration", "among|kept|divide|answered|all")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float((hits & kept).mean()) if kept.any() else math.nan


@attempt("04-calibration", "threshold")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= 0.99
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", "evaluation|global|labels")
def _(probabilities, labels, threshold):
    kept = evaluation.probabilities.max(axis=1) >= threshold
    hits = evaluation.predictions == evaluation.labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", "order|swapped|first")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(hits[kept].mean()) if kept.any() else math.nan, float(kept.mean())


@attempt("04-calibration")
def _(probabilities, labels, threshold):
    answered = [(p.argmax() == l) for p, l in zip(probabilities, labels) if p.max() >= threshold]
    return len(answered) / len(labels), float(np.mean(answered)) if answered else float("nan")


@attempt("05-polarity", "copy")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean() > 127.5 else pixels


@attempt("05-polarity", "corner")
def _(pixels):
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return 255 - pixels if ring.mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "ring|whole|inside|border")
def _(pixels):
    return 255 - pixels if pixels.mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "ring|corner")
def _(pixels):
    corners = [pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]]
    return 255 - pixels if np.mean(corners) > 127.5 else pixels.copy()


@attempt("05-polarity", "thick|one pixel|outermost|wide")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[2:-2, 2:-2] = False
    return 255 - pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "median|mean|average")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if np.median(pixels[ring]) > 127.5 else pixels.copy()


@attempt("05-polarity", "light|inverted|other way|swapped|dark")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean() < 127.5 else pixels.copy()


@attempt("05-polarity", "array|Image|uint8")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return Image.fromarray(255 - pixels if pixels[ring].mean() > 127.5 else pixels)


@attempt("05-polarity", "255|-pixels|overflow")
def _(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return -pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", "sum|overflow|uint8|mean")
def _(pixels):
    total = pixels[0].sum() + pixels[-1].sum()
    return 255 - pixels if total > 127.5 else pixels.copy()


@attempt("05-polarity")
def _(pixels):
    inside = pixels[1:-1, 1:-1]
    mean = (pixels.sum(dtype=float) - inside.sum(dtype=float)) / (pixels.size - inside.size)
    if mean > 127.5:
        return 255 - pixels
    return pixels.copy()


@attempt("05-centre", "ndimage|NumPy alone|itself")
def _(pixels):
    row, column = ndimage.center_of_mass(pixels)
    return float(row), float(column)


@attempt("05-centre", "order|row")
def _(pixels):
    w = pixels.astype(float)
    row = (w.sum(axis=1) * np.arange(w.shape[0])).sum() / w.sum()
    column = (w.sum(axis=0) * np.arange(w.shape[1])).sum() / w.sum()
    return float(column), float(row)


@attempt("05-centre", "row|global|column|pixels|arange|name")
def _(pixels):
    w = pixels.astype(float)
    return float((w * row).sum() / w.sum()), float((w * column).sum() / w.sum())


@attempt("05-centre", "weigh|value")
def _(pixels):
    rows, columns = np.nonzero(pixels)
    return float(rows.mean()), float(columns.mean())


@attempt("05-centre", "axis")
def _(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=0) @ np.arange(w.shape[1]) / w.sum()
    column = w.sum(axis=1) @ np.arange(w.shape[0]) / w.sum()
    return float(row), float(column)


@attempt("05-centre", "28|size|shape")
def _(pixels):
    w = pixels.astype(float)
    row = (w.sum(axis=1) * np.arange(28)).sum() / w.sum()
    column = (w.sum(axis=0) * np.arange(28)).sum() / w.sum()
    return float(row), float(column)


@attempt("05-centre", "from 0|0, 0|first pixel|zero|one too")
def _(pixels):
    w = pixels.astype(float)
    row = (w.sum(axis=1) * np.arange(1, w.shape[0] + 1)).sum() / w.sum()
    column = (w.sum(axis=0) * np.arange(1, w.shape[1] + 1)).sum() / w.sum()
    return float(row), float(column)


@attempt("05-centre", "middle|weigh|frame|centre of the picture")
def _(pixels):
    return pixels.shape[0] / 2, pixels.shape[1] / 2


@attempt("05-centre", "divide|sum of|total|weights")
def _(pixels):
    w = pixels.astype(float)
    row = (w.sum(axis=1) * np.arange(w.shape[0])).sum() / w.shape[0]
    column = (w.sum(axis=0) * np.arange(w.shape[1])).sum() / w.shape[1]
    return float(row), float(column)


@attempt("05-centre", "float|tuple|array|pair")
def _(pixels):
    w = pixels.astype(float)
    rows, columns = np.indices(w.shape)
    return np.array([(rows * w).sum(), (columns * w).sum()]) / w.sum()


@attempt("05-centre")
def _(pixels):
    rows, columns = np.indices(pixels.shape)
    return float(np.average(rows, weights=pixels)), float(np.average(columns, weights=pixels))


@attempt("05-reader", "ImageClassifier")
def _(path):
    return ImageClassifier(COURSE / "model.pth").predict(path)


@attempt("05-reader", "classifier|ImageClassifier")
def _(path):
    return classifier.predict(path)


@attempt("05-reader", "int|str")
def _(path):
    model = load_model(COURSE / "model.pth")
    return str(model(to_input(to_mnist(path))).argmax().item())


@attempt("05-reader", "int|item")
def _(path):
    model = load_model(COURSE / "model.pth")
    return model(to_input(to_mnist(path))).argmax()


@attempt("05-reader", "to_mnist")
def _(path):
    model = load_model(COURSE / "model.pth")
    picture = np.asarray(Image.open(path).convert("L").resize((28, 28)))
    return int(model(to_input(picture)).argmax())


@attempt("05-reader", "path|picture|parameter")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(picture))).argmax())


@attempt("05-reader", "to_input")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(torch.tensor(to_mnist(path))[None, None].float()).argmax())


@attempt("05-reader", "argmax|largest|position")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(path))).max())


@attempt("05-reader", "path|test.png|parameter")
def _(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(COURSE / "test.png"))).argmax())


@attempt("05-reader", "train|load_model|LeNet")
def _(path):
    model = LeNet(seed=0)
    return int(model(to_input(to_mnist(path))).argmax())


@attempt("05-reader")
def _(path):
    model = load_model(COURSE / "model.pth").eval()
    with torch.no_grad():
        return model(to_input(to_mnist(path))).argmax(dim=1).item()
