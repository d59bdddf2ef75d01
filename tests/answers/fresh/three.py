"""Attempts by a third hand; see `answers.fresh`."""

from answers.fresh import notebook

ATTEMPTS, attempt = notebook()

# 1.1 · Normalise


@attempt("01-normalise", r"0 to 1|\[0, 1\]|0\.5|half|subtract|stretch|twice|double|second step")
def normalise(pixels):
    return (pixels / 255).astype(np.float32)


@attempt("01-normalise", r"float64|float32|dtype|astype")
def normalise(pixels):
    scaled = pixels / 127.5
    return scaled - 1


@attempt("01-normalise", r"wrap|uint8|overflow|underflow|below 0|negative")
def normalise(pixels):
    return ((pixels - 127) / 127.5).astype(np.float32)


@attempt("01-normalise", r"subtract|0 to 2|\[0, 2\]|minus|- ?1\b|- 0\.5|shift")
def normalise(pixels):
    return pixels.astype(np.float32) / 255 / 0.5


@attempt("01-normalise", r"255|256|257")
def normalise(pixels):
    return ((pixels / 256 - 0.5) / 0.5).astype(np.float32)


@attempt("01-normalise", r"to_input|yourself|rule itself")
def normalise(pixels):
    return to_input(pixels).squeeze(1).numpy()


@attempt("01-normalise", r"\bmin|\bmax|fixed|own (smallest|largest|range)|largest|brightest|darkest|depend")
def normalise(pixels):
    low, high = pixels.min(), pixels.max()
    return (2 * ((pixels - low) / (high - low)) - 1).astype(np.float32)


@attempt("01-normalise", r"bracket|parenthes|order|precedence|before")
def normalise(pixels):
    result = pixels / 255 - 0.5 / 0.5
    return result.astype(np.float32)


@attempt("01-normalise", r"return|None|print")
def normalise(pixels):
    print(((pixels / 255 - 0.5) / 0.5).astype(np.float32))


@attempt("01-normalise", r"shape|axis|dimension|channel")
def normalise(pixels):
    x = ((pixels / 255 - 0.5) / 0.5).astype(np.float32)
    return x[:, np.newaxis, :, :]


@attempt("01-normalise", r"tensor|array|numpy")
def normalise(pixels):
    x = torch.from_numpy(pixels).float()
    return (x / 255 - 0.5) / 0.5


@attempt("01-normalise", r"float32|attribute|np\.float|no longer|spell|name")
def normalise(pixels):
    return ((pixels.astype(np.float) / 255 - 0.5) / 0.5).astype(np.float32)


@attempt("01-normalise", r"in place|/=|new array|cast|uint8|astype|dtype")
def normalise(pixels):
    pixels /= 255
    pixels -= 0.5
    pixels /= 0.5
    return pixels


@attempt("01-normalise", r"mean|standard|deviation|\bstd|fixed|depend")
def normalise(pixels):
    return ((pixels - pixels.mean()) / pixels.std()).astype(np.float32)


@attempt("01-normalise", r"//|integer|whole|round|decimal|fraction")
def normalise(pixels):
    return ((pixels // 255 - 0.5) / 0.5).astype(np.float32)


@attempt("01-normalise", r"sign|invert|negat|revers|swap|opposite|upside|wrong way")
def normalise(pixels):
    return ((0.5 - pixels / 255) / 0.5).astype(np.float32)


@attempt("01-normalise")
def normalise(pixels):
    return np.interp(pixels, [0, 255], [-1, 1]).astype(np.float32)


@attempt("01-normalise")
def normalise(pixels):
    table = np.linspace(-1, 1, 256, dtype=np.float32)
    return table[pixels]


# 1.2 · A stratified split


@attempt("01-split", r"each|every|class|per ")
def first_of_each(labels, count):
    mask = np.zeros(labels.shape, dtype=bool)
    mask[:count] = True
    return mask


@attempt("01-split", r"one too many|too many|one more|off by one|\+ ?1|exactly")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        where = np.where(labels == c)[0]
        chosen[where[0 : count + 1]] = True
    return chosen


@attempt("01-split", r"last|first|from the (end|front|start)")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        chosen[np.flatnonzero(labels == c)[-count:]] = True
    return chosen


@attempt("01-split", r"indices|positions|\bbool|mask|index")
def first_of_each(labels, count):
    positions = []
    for c in np.unique(labels):
        positions.extend(np.flatnonzero(labels == c)[:count])
    return np.array(sorted(positions))


@attempt("01-split", r"\bbool|dtype")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels))
    for c in np.unique(labels):
        chosen[np.flatnonzero(labels == c)[:count]] = 1
    return chosen


@attempt("01-split", r"\b9\b|nine|np\.unique|every class|all classes|ten classes|range|class is missing")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in range(9):
        chosen[np.flatnonzero(labels == c)[:count]] = True
    return chosen


@attempt("01-split", r"first_of_each_class|without|yourself")
def first_of_each(labels, count):
    return first_of_each_class(labels, count)


@attempt("01-split", r"overwrit|last class|only (one|the last)|collect|keep|anew|each round|lost|inside the loop")
def first_of_each(labels, count):
    for c in np.unique(labels):
        chosen = np.zeros(len(labels), dtype=bool)
        chosen[np.flatnonzero(labels == c)[:count]] = True
    return chosen


@attempt("01-split", r"first|random|order")
def first_of_each(labels, count):
    rng = np.random.default_rng(0)
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        where = np.flatnonzero(labels == c)
        chosen[rng.choice(where, min(count, len(where)), replace=False)] = True
    return chosen


@attempt("01-split", r"too few|fewer|<=|off by one|one less|one short|one more|exactly")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        mine = labels == c
        chosen |= mine & (np.cumsum(mine) < count)
    return chosen


@attempt("01-split", r"first|position|flatnonzero|where|slice|mask|beginning")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        chosen[:count] |= (labels == c)[:count]
    return chosen


@attempt("01-split", r"name|spell|typo|lables|defin")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(lables):
        chosen[np.flatnonzero(labels == c)[:count]] = True
    return chosen


@attempt("01-split", r"return|indent|first class|after the loop")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        chosen[np.flatnonzero(labels == c)[:count]] = True
        return chosen


@attempt("01-split", r"list|array")
def first_of_each(labels, count):
    seen = {}
    answer = []
    for c in labels.tolist():
        seen[c] = seen.get(c, 0) + 1
        answer.append(seen[c] <= count)
    return answer


@attempt("01-split", r"copy|no effect|nothing|chain|twice in a row|two (indices|steps|brackets)|flatnonzero|positions")
def first_of_each(labels, count):
    chosen = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        chosen[labels == c][:count] = True
    return chosen


@attempt("01-split")
def first_of_each(labels, count):
    hot = labels[:, None] == np.unique(labels)
    return (hot & (hot.cumsum(axis=0) <= count)).any(axis=1)


@attempt("01-split")
def first_of_each(labels, count):
    left = dict.fromkeys(np.unique(labels).tolist(), count)

    def take(c):
        left[c] -= 1
        return left[c] >= 0

    return np.fromiter(map(take, labels.tolist()), dtype=bool, count=len(labels))


# 1.3 · The mean digit


@attempt("01-mean-digit", r"axis|single|one number|one value")
def mean_digit(pixels, labels, digit):
    return pixels[labels == digit].mean()


@attempt("01-mean-digit", r"axis")
def mean_digit(pixels, labels, digit):
    return np.mean(pixels[labels == digit], axis=1)


@attempt("01-mean-digit", r"class|label|only|of the digit|`digit`")
def mean_digit(pixels, labels, digit):
    return pixels.mean(axis=0)


@attempt("01-mean-digit", r"label|index|mask|class|==|single image|one image")
def mean_digit(pixels, labels, digit):
    return pixels[digit].astype(float)


@attempt("01-mean-digit", r"median|mean|average")
def mean_digit(pixels, labels, digit):
    return np.median(pixels[labels == digit], axis=0)


@attempt("01-mean-digit", r"float|uint8|round|dtype|decimal|fraction|whole")
def mean_digit(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0).astype(np.uint8)


@attempt("01-mean-digit", r"255|\[0, 1\]|0 to 1|scale")
def mean_digit(pixels, labels, digit):
    return (pixels[labels == digit] / 255).mean(axis=0)


@attempt("01-mean-digit", r"how many|number of|len\(|divid|count")
def mean_digit(pixels, labels, digit):
    return pixels[labels == digit].sum(axis=0) / len(pixels)


@attempt("01-mean-digit", r"overflow|wrap|uint8|beyond 255|above 255|over 255")
def mean_digit(pixels, labels, digit):
    total = np.zeros((28, 28), dtype=np.uint8)
    n = 0
    for image, label in zip(pixels, labels):
        if label == digit:
            total += image
            n += 1
    return total / n


@attempt("01-mean-digit", r"print|return|None")
def mean_digit(pixels, labels, digit):
    mean = pixels[labels == digit].mean(axis=0)
    plots.digits
    print(mean)


@attempt("01-mean-digit", r"name|spell|defin|typo")
def mean_digit(pixels, labels, digit):
    return pixels[label == digit].mean(axis=0)


@attempt("01-mean-digit", r"axis|shape|each image")
def mean_digit(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=(1, 2))


@attempt("01-mean-digit", r"==|compar|mask|\bis\b")
def mean_digit(pixels, labels, digit):
    return pixels[labels is digit].mean(axis=0)


@attempt(
    "01-mean-digit", r"`digit`|argument|parameter|hard|\b7\b|seven|always the same|fixed|whatever|never used: digit"
)
def mean_digit(pixels, labels, digit):
    return pixels[labels == 7].mean(axis=0)


@attempt("01-mean-digit", r"shape|keepdims|\(28, 28\)|\(1, 28")
def mean_digit(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0, keepdims=True)


@attempt("01-mean-digit", r"to_input|-1|0 to 255|255|range")
def mean_digit(pixels, labels, digit):
    return to_input(pixels[labels == digit]).mean(dim=0)[0].numpy()


@attempt("01-mean-digit")
def mean_digit(pixels, labels, digit):
    share = (labels == digit) / (labels == digit).sum()
    return np.einsum("n,nhw->hw", share, pixels)


@attempt("01-mean-digit")
def mean_digit(pixels, labels, digit):
    mean = np.zeros(pixels.shape[1:])
    for n, i in enumerate(np.flatnonzero(labels == digit), start=1):
        mean += (pixels[i] - mean) / n
    return mean


# 2.1 · How large is the output?


@attempt("02-output-size", r"\+ ?1|one (more|less|too few|short)|too small|start|begin|first place|itself|add 1\b")
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // stride


@attempt("02-output-size", r"twice|both|two sides|2 ?\*|each side|each of|opposite|left and right|one side")
def output_size(size, kernel_size, stride, padding):
    return (size + padding - kernel_size) // stride + 1


@attempt("02-output-size", r"\bint\b|float|whole|//")
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) / stride + 1


@attempt("02-output-size", r"round|down|//|fits|ceil|\bup\b")
def output_size(size, kernel_size, stride, padding):
    return int(np.ceil((size + 2 * padding - kernel_size) / stride)) + 1


@attempt("02-output-size", r"stride")
def output_size(size, kernel_size, stride, padding):
    return size + 2 * padding - kernel_size + 1


@attempt("02-output-size", r"padding")
def output_size(size, kernel_size, stride, padding):
    return (size - kernel_size) // stride + 1


@attempt("02-output-size", r"\+ ?1|after|bracket|parenthes|inside|outside")
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size + 1) // stride


@attempt("02-output-size", r"swap|exchang|order|confus|mixed|roles|each other")
def output_size(size, kernel_size, padding, stride):
    return (size + 2 * padding - kernel_size) // stride + 1 if stride else 0


@attempt("02-output-size", r"divid|//|multipl|times|smaller|fewer")
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) * stride + 1


@attempt("02-output-size", r"add|sign|minus|plus|grow|larger|wider|subtract")
def output_size(size, kernel_size, stride, padding):
    return (size - 2 * padding - kernel_size) // stride + 1


@attempt("02-output-size", r"tuple|single|one number|\bint\b|one side|one thing|several")
def output_size(size, kernel_size, stride, padding):
    side = (size + 2 * padding - kernel_size) // stride + 1
    return side, side


@attempt("02-output-size", r"\b28\b|`size`|argument|hard|fixed|always|never used: size")
def output_size(size, kernel_size, stride, padding):
    return (28 + 2 * padding - kernel_size) // stride + 1


@attempt("02-output-size", r"print|return|None")
def output_size(size, kernel_size, stride, padding):
    print((size + 2 * padding - kernel_size) // stride + 1)


@attempt("02-output-size", r"even|odd|half|kernel")
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - 2 * (kernel_size // 2) - 1) // stride + 1


@attempt("02-output-size", r"\+ ?1|last place|include|range|still fits|one (more|too few|short)|too few|too small")
def output_size(size, kernel_size, stride, padding):
    count = 0
    for _ in range(0, size + 2 * padding - kernel_size, stride):
        count += 1
    return count


@attempt("02-output-size", r"name|spell|kernal|defin")
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernal_size) // stride + 1


@attempt("02-output-size", r"\b2 ?\*|two|twice|four|\b4\b|both")
def output_size(size, kernel_size, stride, padding):
    return (size + 4 * padding - kernel_size) // stride + 1


@attempt("02-output-size", r"bracket|parenthes|order|precedence|before|whole|only the kernel")
def output_size(size, kernel_size, stride, padding):
    return size + 2 * padding - kernel_size // stride + 1


@attempt("02-output-size")
def output_size(size, kernel_size, stride, padding):
    return len(range(kernel_size, size + 2 * padding + 1, stride))


@attempt("02-output-size")
def output_size(size, kernel_size, stride, padding):
    row = F.pad(torch.zeros(size), (padding, padding))
    return row.unfold(0, kernel_size, stride).shape[0]


# 2.2 · How many numbers does it learn?


@attempt("02-parameters", r"bias")
def conv_parameters(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2


@attempt("02-parameters", r"bias")
def conv_parameters(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2 + 1


@attempt("02-parameters", r"square|kernel_size ?\*|twice|\*\* ?2|two sides|rows and columns|height|×")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size + 1)


@attempt("02-parameters", r"in_channels|input channel")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_channels * (kernel_size * kernel_size + 1)


@attempt("02-parameters", r"bias")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * (kernel_size * kernel_size + 1)


@attempt("02-parameters", r"\bint\b|float")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size**2.0 + 1)


@attempt("02-parameters", r"swap|output channel|out_channels|bias|exchang")
def conv_parameters(in_channels, out_channels, kernel_size):
    return in_channels * (out_channels * kernel_size**2 + 1)


@attempt("02-parameters", r"multipl|product|times")
def conv_parameters(in_channels, out_channels, kernel_size):
    return in_channels + kernel_size * kernel_size + out_channels


@attempt("02-parameters", r"tuple|sum|together|total|single|one number|two|one thing|several")
def conv_parameters(in_channels, out_channels, kernel_size):
    weights = in_channels * out_channels * kernel_size**2
    biases = out_channels
    return weights, biases


@attempt("02-parameters", r"bias")
def conv_parameters(in_channels, out_channels, kernel_size):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=False)
    return count_parameters(layer)


@attempt("02-parameters", r"\*\*|xor|\^|power")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * (kernel_size ^ 2) + 1)


@attempt("02-parameters", r"numel|tensors|elements|entries|numbers in")
def conv_parameters(in_channels, out_channels, kernel_size):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size)
    return len(list(layer.parameters()))


@attempt("02-parameters", r"print|return|None")
def conv_parameters(in_channels, out_channels, kernel_size):
    one = in_channels * kernel_size * kernel_size + 1
    total = out_channels * one
    print(total)


@attempt("02-parameters", r"name|spell|chanels|defin|typo")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_chanels * (in_channels * kernel_size**2 + 1)


@attempt("02-parameters", r"kernel_size|hard|\b5\b|\b25\b|argument|fixed")
def conv_parameters(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * 5 * 5 + 1)


@attempt("02-parameters", r"\bint\b|tensor")
def conv_parameters(in_channels, out_channels, kernel_size):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size)
    return torch.cat([p.flatten() for p in layer.parameters()])


@attempt("02-parameters")
def conv_parameters(in_channels, out_channels, kernel_size):
    return sum(p.numel() for p in nn.Conv2d(in_channels, out_channels, kernel_size).parameters())


@attempt("02-parameters")
def conv_parameters(in_channels, out_channels, kernel_size):
    shape = [out_channels, in_channels, kernel_size, kernel_size]
    weights = 1
    while shape:
        weights *= shape.pop()
    return weights + out_channels


# 2.3 · Convolution by hand, everywhere


@attempt("02-convolution", r"flip|turn|180")
def convolve(image, kernel):
    k = len(kernel)
    kernel = np.flip(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return out


@attempt("02-convolution", r"\+ ?1|shape|last|too small|one (more|row|short)")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k, image.shape[1] - k))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return out


@attempt("02-convolution", r"mean|sum|add up|averag|divid")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.mean(image[i : i + k, j : j + k] * kernel)
    return out


@attempt("02-convolution", r"@|matrix|element|entry|pixel by pixel|`\*`|\*")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k, j : j + k] @ kernel).sum()
    return out


@attempt("02-convolution", r"pad|shape|smaller|size")
def convolve(image, kernel):
    k = kernel.shape[0]
    padded = np.pad(image, k // 2)
    out = np.zeros(image.shape)
    for i in range(padded.shape[0] - k + 1):
        for j in range(padded.shape[1] - k + 1):
            out[i, j] = (padded[i : i + k, j : j + k] * kernel).sum()
    return out


@attempt("02-convolution", r"conv2d|yourself|ready")
def convolve(image, kernel):
    a = torch.tensor(image)[None, None].double()
    b = torch.tensor(kernel)[None, None].double()
    return torch.nn.functional.conv2d(a, b)[0, 0].numpy()


@attempt("02-convolution", r"\bsum|add up|one number|single")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = image[i : i + k, j : j + k] * kernel
    return out


@attempt("02-convolution", r"rows?\b.*column|column.*rows?\b|swap|transpos")
def convolve(image, kernel):
    k = len(kernel)
    h, w = image.shape
    out = np.zeros((w - k + 1, h - k + 1))
    for i in range(w - k + 1):
        for j in range(h - k + 1):
            out[i, j] = (image[j : j + k, i : i + k] * kernel).sum()
    return out


@attempt("02-convolution", r"\bint|float|dtype|decimal|fraction|whole")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1), dtype=int)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return out


@attempt("02-convolution", r"square|width|shape\[1\]|columns|height")
def convolve(image, kernel):
    k = len(kernel)
    n = len(image) - k + 1
    out = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return out


@attempt("02-convolution", r"\b3\b|kernel'?s? (size|side|shape)|size of the kernel|hard|len\(|any size|other size")
def convolve(image, kernel):
    out = np.zeros((image.shape[0] - 2, image.shape[1] - 2))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + 3, j : j + 3] * kernel).sum()
    return out


@attempt("02-convolution", r"chang|in place|copy|new array|image itself|overwrit")
def convolve(image, kernel):
    k = len(kernel)
    h, w = image.shape[0] - k + 1, image.shape[1] - k + 1
    for i in range(h):
        for j in range(w):
            image[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return image[:h, :w]


@attempt("02-convolution", r"ready|yourself|flip|scipy|convolve2d|turn|180")
def convolve(image, kernel):
    from scipy.signal import convolve2d

    return convolve2d(image, kernel, mode="valid")


@attempt("02-convolution", r"window|slice|shape|\+ ?1|cut out")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k + 1, j : j + k + 1] * kernel).sum()
    return out


@attempt("02-convolution", r"return|indent|first row|after the loop|only")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
        return out


@attempt("02-convolution", r"list|array")
def convolve(image, kernel):
    k = len(kernel)
    rows = []
    for i in range(image.shape[0] - k + 1):
        rows.append([float((image[i : i + k, j : j + k] * kernel).sum()) for j in range(image.shape[1] - k + 1)])
    return rows


@attempt("02-convolution", r"None|return")
def convolve(image, kernel):
    k = len(kernel)
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()


@attempt("02-convolution")
def convolve(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows, kernel)


@attempt("02-convolution")
def convolve(image, kernel):
    k = kernel.shape[0]
    h, w = image.shape[0] - k + 1, image.shape[1] - k + 1
    return sum(kernel[a, b] * image[a : a + h, b : b + w] for a in range(k) for b in range(k))


# 2.4 · Build the network


@attempt("02-network", r"padd")
def build_network():
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


@attempt("02-network", r"relu|activation|non-?linear")
def build_network():
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


@attempt("02-network", r"MaxPool|AvgPool|\bmax|average")
def build_network():
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


@attempt("02-network", r"flatten|\(N, 16\)|16, 1, 1")
def build_network():
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


@attempt("02-network", r"softmax|logit|probabilit")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10), nn.Softmax(dim=1))


@attempt("02-network", r"relu|last layer|logit|negative")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10), nn.ReLU())


@attempt("02-network", r"Sequential|list")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return conv + head + [nn.Linear(84, 10)]


@attempt("02-network", r"conv2|padd|second convolution")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2)]
    conv += [nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network", r"Adaptive|\b400\b|whole maps?|global")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*conv, *head)


@attempt("02-network", r"relu|tanh|activation")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network", r"Sequential|LeNet|yourself")
def build_network():
    return LeNet(seed=1)


@attempt("02-network", r"relu|spell|capital|attribute|name")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.Relu(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Relu(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.Relu(), nn.Linear(120, 84), nn.Relu()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network", r"\(\)|bracket|parenthes|instance|class|call")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU, nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU, nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU, nn.Linear(120, 84), nn.ReLU]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network", r"kernel|5 × 5|\b3\b")
def build_network():
    conv = [nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 3), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network", r"\*|list|unpack|star|one by one|separate")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(conv + head + [nn.Linear(84, 10)])


@attempt("02-network", r"\b84\b|fc2|three|missing|lacks")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 10)]
    return nn.Sequential(*conv, *head)


@attempt("02-network", r"\b84\b|\b120\b|swap")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 84), nn.ReLU(), nn.Linear(84, 120), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(120, 10))


@attempt("02-network", r"bias")
def build_network():
    conv = [nn.Conv2d(1, 6, 5, padding=2, bias=False), nn.ReLU(), nn.AvgPool2d(2)]
    conv += [nn.Conv2d(6, 16, 5, bias=False), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network", r"channel|grey|gray|colou?r|\b3\b")
def build_network():
    conv = [nn.Conv2d(3, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*conv, *head, nn.Linear(84, 10))


@attempt("02-network")
def build_network():
    net = nn.Sequential()
    channels = [1, 6, 16]
    for i in range(2):
        net.append(nn.Conv2d(channels[i], channels[i + 1], kernel_size=(5, 5), padding=0 if i else "same"))
        net.append(nn.ReLU(inplace=True))
        net.append(nn.AvgPool2d(kernel_size=2, stride=2))
    net.append(nn.AdaptiveAvgPool2d((1, 1)))
    net.append(nn.Flatten(1))
    sides = [16, 120, 84, 10]
    for i in range(3):
        if i:
            net.append(nn.ReLU())
        net.append(nn.Linear(sides[i], sides[i + 1]))
    return net


@attempt("02-network")
def build_network():
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(1, 6, 5, 1, 2))
    net.add_module("relu1", nn.ReLU())
    net.add_module("pool1", nn.AvgPool2d(2))
    net.add_module("conv2", nn.Conv2d(6, 16, 5))
    net.add_module("relu2", nn.ReLU())
    net.add_module("pool2", nn.AvgPool2d(2))
    net.add_module("mean", nn.AvgPool2d(5))
    net.add_module("flat", nn.Flatten())
    net.add_module("fc1", nn.Linear(16, 120))
    net.add_module("relu3", nn.ReLU())
    net.add_module("fc2", nn.Linear(120, 84))
    net.add_module("relu4", nn.ReLU())
    net.add_module("fc3", nn.Linear(84, 10))
    return net


# 3.1 · One step


@attempt("03-step", r"zero_grad|gradients? (of|from|add|pile)|old gradient|clear")
def step(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"optimiser\.step|\.step\(|weights (stay|did|do|are)|no step|change the weights|not change")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    return loss.item()


@attempt("03-step", r"backward")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimiser.step()
    return loss.item()


@attempt("03-step", r"\.item|float|tensor")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss


@attempt("03-step", r"before|after|second forward|again")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    F.cross_entropy(model(inputs), labels).backward()
    optimiser.step()
    return F.cross_entropy(model(inputs), labels).item()


@attempt("03-step", r"softmax|logit|probabilit")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    p = model(inputs).softmax(dim=1)
    loss = F.cross_entropy(p, labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"zero_grad|order|between|clear|before backward")
def step(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"training_step|yourself")
def step(model, inputs, labels, optimiser):
    return float(training_step(model, inputs, labels, optimiser))


@attempt("03-step", r"cross.entropy|mse|square")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    target = F.one_hot(labels, 10).float()
    loss = F.mse_loss(model(inputs), target)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"swap|order|first|logits, labels|arguments")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(labels, model(inputs))
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"optimiser|any|learning rate")
def step(model, inputs, labels, optimiser):
    model.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.1 * p.grad
    return loss.item()


@attempt("03-step", r"optimiser|given|new one|own")
def step(model, inputs, labels, optimiser):
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"\bsum|mean|reduction|average|size of the batch")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, reduction="sum")
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"nll|cross_entropy|\blog")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.nll_loss(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"no_grad|requires? (a )?grad|graph|record")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    with torch.no_grad():
        loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"optimizer|spell|name|defin")
def step(model, inputs, labels, optimiser):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


@attempt("03-step", r"order|backward|before|first")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimiser.step()
    loss.backward()
    return loss.item()


@attempt("03-step", r"None|return|print")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    print("loss", loss.item())


@attempt("03-step", r"detach|graph|requires? (a )?grad|cut")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    logits = model(inputs).detach()
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@attempt("03-step", r"\.item|after|backward|number has|tensor|too early|float")
def step(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels).item()
    loss.backward()
    optimiser.step()
    return loss


@attempt("03-step", r"one step|once|two steps|twice|several|many|loop|more than")
def step(model, inputs, labels, optimiser):
    losses = []
    for _ in range(2):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses[0]


@attempt("03-step")
def step(model, inputs, labels, optimiser):
    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        return loss

    return float(optimiser.step(closure))


@attempt("03-step")
def step(model, inputs, labels, optimiser):
    log_p = model(inputs).log_softmax(1)
    loss = -log_p.gather(1, labels[:, None]).mean()
    for group in optimiser.param_groups:
        for p, g in zip(group["params"], torch.autograd.grad(loss, group["params"])):
            p.grad = g
    optimiser.step()
    return loss.detach().tolist()


# 3.2 · A range of learning rates


@attempt("03-learning-rate", r"last|where it ends|\[:, -1\]")
def best_range(learning_rates, losses):
    lowest = np.nanmin(losses, axis=1)
    good = learning_rates[lowest <= 1.1 * lowest.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"nan|finite")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * min(last)]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"1\.1|one rate|only the (best|lowest)|near|both|same")
def best_range(learning_rates, losses):
    last = np.where(np.isfinite(losses[:, -1]), losses[:, -1], np.inf)
    best = float(learning_rates[last.argmin()])
    return best, best


@attempt("03-learning-rate", r"rates?, not|index|indices|position|row number|learning_rates")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = np.flatnonzero(finite & (last <= 1.1 * last[finite].min()))
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"column|\[:, -1\]|row|last step|last losses")
def best_range(learning_rates, losses):
    last = losses[-1]
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= 1.1 * last[finite].min())]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"1\.1|times|multipl|factor|0\.1|add")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= last[finite].min() + 0.1)]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"sorted|order|min\(|\bmin|smallest|first")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= 1.1 * last[finite].min())]
    return float(good[0]), float(good[-1])


@attempt("03-learning-rate", r"tuple|array|two (float|number|value)|pair|all the|every|only the smallest")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    return learning_rates[finite & (last <= 1.1 * last[finite].min())]


@attempt("03-learning-rate", r"last|mean|average")
def best_range(learning_rates, losses):
    last = np.mean(losses, axis=1)
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= 1.1 * last[finite].min())]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"swap|order|low, high|first|smallest")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= 1.1 * last[finite].min())]
    return float(good.max()), float(good.min())


@attempt(
    "03-learning-rate", r"learning_rates|rates, not|not losses|the rates|losses? instead|return losses|learning rates"
)
def best_range(learning_rates, losses):
    last = losses[:, -1]
    last = last[np.isfinite(last)]
    good = last[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"1\.1|lowest|near|bad")
def best_range(learning_rates, losses):
    good = learning_rates[np.isfinite(losses[:, -1])]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"length|same (shape|rows|size)|boolean|mask|shape|both|fits?|filter")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    last = last[np.isfinite(last)]
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"nan|\b0\b|zero|finite|nan_to_num")
def best_range(learning_rates, losses):
    last = np.nan_to_num(losses[:, -1])
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"print|None|return")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinite(last)
    good = learning_rates[finite & (last <= 1.1 * last[finite].min())]
    print(f"{good.min()} to {good.max()}")


@attempt("03-learning-rate", r"chang|copy|in place|as it is|stay|mutat")
def best_range(learning_rates, losses):
    losses[~np.isfinite(losses)] = 1e9
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"spell|name|attribute|isfinite|typo")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    finite = np.isfinte(last)
    good = learning_rates[finite & (last <= 1.1 * last[finite].min())]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"last|earlier|whole row|middle|only|every step")
def best_range(learning_rates, losses):
    keep = np.isfinite(losses).all(axis=1)
    rates, last = learning_rates[keep], losses[keep][:, -1]
    good = rates[last <= 1.1 * last.min()]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate", r"\band\b.*&|&|ambiguous|truth|element|entry by entry|one True or False")
def best_range(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[np.isfinite(last) and last <= 1.1 * np.nanmin(last)]
    return float(good.min()), float(good.max())


@attempt("03-learning-rate")
def best_range(learning_rates, losses):
    ends = {}
    for rate, row in zip(learning_rates, losses):
        if abs(row[-1]) < float("inf"):
            ends[float(rate)] = float(row[-1])
    limit = 1.1 * min(ends.values())
    worked = sorted(rate for rate in ends if not ends[rate] > limit)
    return worked[0], worked[-1]


@attempt("03-learning-rate")
def best_range(learning_rates, losses):
    last = np.ma.masked_invalid(losses[:, -1])
    hidden = (last > 1.1 * last.min()).filled(True)
    rates = np.ma.masked_array(learning_rates, mask=hidden)
    return float(rates.min()), float(rates.max())


# 3.3 · Early stopping


@attempt("03-early-stopping", r"best|previous|neighbour|epoch before")
def stop_epoch(validation_losses, patience):
    waited = 0
    for i in range(1, len(validation_losses)):
        if validation_losses[i] < validation_losses[i - 1]:
            waited = 0
        else:
            waited += 1
        if waited == patience:
            return i + 1
    return len(validation_losses)


@attempt("03-early-stopping", r"strict|equal|same loss|<=")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss <= best:
            best, waited = loss, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch
    return len(validation_losses)


@attempt(
    "03-early-stopping",
    r"best epoch|epoch of the best|of the best loss|where it stops|stops, not|at which training stops",
)
def stop_epoch(validation_losses, patience):
    best, best_epoch = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            return best_epoch
    return best_epoch


@attempt("03-early-stopping", r"from 1|from 0|counted|\+ ?1|start ?= ?1|one too")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", r"too late|one epoch (more|longer)|>=|already|one too|exceed")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", r"never|last epoch|None|len\(|to the end|after the loop")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch


@attempt("03-early-stopping", r"reset|back to 0|begins? (again|anew)|starts? (over|anew|again)|to 0|in a row|since")
def stop_epoch(validation_losses, patience):
    best, bad = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best:
            best = loss
        else:
            bad += 1
        if bad == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", r"updat|new best|best so far|first loss|remember|keep")
def stop_epoch(validation_losses, patience):
    best, waited = validation_losses[0], 0
    for epoch, loss in enumerate(validation_losses[1:], start=2):
        if loss < best:
            waited = 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", r"epoch")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for loss in validation_losses:
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return loss
    return validation_losses[-1]


@attempt(
    "03-early-stopping",
    r"`?patience`?.*(argument|hard|fixed|given)|hard|fixed|whatever|argument|always|never used: patience",
)
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == 2:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping", r"\bint\b|float")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        waited += 1
        if loss < best:
            best, waited = loss, 0
        if waited == patience:
            return float(epoch)
    return float(len(validation_losses))


@attempt("03-early-stopping", r"print|return|None")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        waited += 1
        if loss < best:
            best, waited = loss, 0
        if waited == patience:
            print(epoch)
            break
    else:
        print(len(validation_losses))


@attempt(
    "03-early-stopping",
    r"future|so far|whole|later|not yet|ahead|overall|until then|all epochs|all losses|lowest loss of all|nobody knows",
)
def stop_epoch(validation_losses, patience):
    losses = list(validation_losses)
    best_epoch = losses.index(min(losses)) + 1
    return min(best_epoch + patience, len(losses))


@attempt("03-early-stopping", r"end|loop|forever|never|seconds|too long|endless|time")
def stop_epoch(validation_losses, patience):
    best, waited, epoch = float("inf"), 0, 0
    while epoch < len(validation_losses):
        if validation_losses[epoch] <= best:
            best = validation_losses[epoch]
            waited = 0
        else:
            waited += 1
            epoch += 1
        if waited == patience:
            return epoch
    return epoch


@attempt("03-early-stopping", r"name|spell|defin|typo")
def stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_loss, start=1):
        waited += 1
        if loss < best:
            best, waited = loss, 0
        if waited == patience:
            return epoch
    return len(validation_loss)


@attempt("03-early-stopping", r"last epoch|len\(|beyond|longer|more epochs|than there are|never|past the end|too late")
def stop_epoch(validation_losses, patience):
    best, best_epoch = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if epoch - best_epoch > patience:
            break
        if loss < best:
            best, best_epoch = loss, epoch
    return best_epoch + patience


@attempt("03-early-stopping", r"index|beyond|past the end|out of|last|range")
def stop_epoch(validation_losses, patience):
    epoch, waited, best = 1, 0, validation_losses[0]
    while waited < patience:
        if validation_losses[epoch] < best:
            best, waited = validation_losses[epoch], 0
        else:
            waited += 1
        epoch += 1
    return epoch


@attempt("03-early-stopping", r"lower|smaller|best|wrong way|>|higher|larger|rises|greater")
def stop_epoch(validation_losses, patience):
    best, waited = 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss > best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(validation_losses)


@attempt("03-early-stopping")
def stop_epoch(validation_losses, patience):
    losses = np.asarray(validation_losses)
    ages = [n - int(losses[: n + 1].argmin()) for n in range(len(losses))]
    return ages.index(patience) + 1 if patience in ages else len(ages)


@attempt("03-early-stopping")
def stop_epoch(validation_losses, patience):
    epoch = 0
    deadline = patience
    record = None
    for loss in validation_losses:
        epoch += 1
        if record is None or record > loss:
            record, deadline = loss, epoch + patience
        if epoch == deadline:
            break
    return epoch


# 4.1 · A confusion matrix without a loop


@attempt("04-confusion", r"transpos|swap|rows?|exchang|column")
def confusion(labels, predictions):
    return np.bincount(10 * predictions + labels, minlength=100).reshape(10, 10)


@attempt("04-confusion", r"minlength|\b100\b")
def confusion(labels, predictions):
    return np.bincount(10 * labels + predictions).reshape(10, 10)


@attempt("04-confusion", r"loop")
def confusion(labels, predictions):
    m = np.zeros((10, 10), dtype=int)
    for a, b in zip(labels, predictions):
        m[a][b] += 1
    return m


@attempt("04-confusion", r"confusion_matrix|yourself")
def confusion(labels, predictions):
    return confusion_matrix(labels, predictions)


@attempt("04-confusion", r"10 ?\*|ten|own number|same number|different pairs|each pair")
def confusion(labels, predictions):
    return np.bincount(labels + predictions, minlength=100).reshape(10, 10)


@attempt("04-confusion", r"once|repeated|twice|several times|add\.at|bincount|only one|more than")
def confusion(labels, predictions):
    m = np.zeros((10, 10), dtype=int)
    m[labels, predictions] += 1
    return m


@attempt("04-confusion", r"count|fraction|divid|\bint|float|normal")
def confusion(labels, predictions):
    m = np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)
    return m / m.sum(axis=1, keepdims=True).clip(1)


@attempt("04-confusion", r"mistake|wrong|off the diagonal|only (the )?right|all pairs|also")
def confusion(labels, predictions):
    right = labels[labels == predictions]
    return np.diag(np.bincount(right, minlength=10))


@attempt("04-confusion", r"float|\bint|dtype|astype")
def confusion(labels, predictions):
    edges = np.arange(11) - 0.5
    return np.histogram2d(labels, predictions, bins=[edges, edges])[0]


@attempt("04-confusion", r"reshape|shape|table|\(10, 10\)")
def confusion(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=100)


@attempt("04-confusion", r"\b100\b|minlength")
def confusion(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=10).reshape(10, 10)


@attempt("04-confusion", r"print|return|None")
def confusion(labels, predictions):
    print(np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10))


@attempt("04-confusion", r"\b9\b|10 ?\*|ten|same number|own number|each pair")
def confusion(labels, predictions):
    return np.bincount(9 * labels + predictions, minlength=100).reshape(10, 10)


@attempt("04-confusion", r"spell|name|attribute|bincount|typo")
def confusion(labels, predictions):
    return np.bincounts(10 * labels + predictions, minlength=100).reshape(10, 10)


@attempt("04-confusion", r"\(10, 10\)|always|occur|missing|max|largest|ten|minlength")
def confusion(labels, predictions):
    n = max(labels.max(), predictions.max()) + 1
    return np.bincount(n * labels + predictions, minlength=n * n).reshape(n, n)


@attempt("04-confusion", r"loop|comprehension")
def confusion(labels, predictions):
    return np.array(
        [[np.sum([x == i and y == j for x, y in zip(labels, predictions)]) for j in range(10)] for i in range(10)]
    )


@attempt("04-confusion", r"in place|chang|copy|\*=|as it is|stay|argument")
def confusion(labels, predictions):
    labels *= 10
    labels += predictions
    return np.bincount(labels, minlength=100).reshape(10, 10)


@attempt("04-confusion", r"order|flat|reshape|row by row|transpos|swap|rows?")
def confusion(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10, order="F")


@attempt("04-confusion")
def confusion(labels, predictions):
    classes = np.arange(10)
    is_label = (labels[:, None] == classes).astype(int)
    is_read = (predictions[:, None] == classes).astype(int)
    return is_label.T @ is_read


@attempt("04-confusion")
def confusion(labels, predictions):
    table = np.zeros(100, dtype=np.int64)
    pairs, times = np.unique(np.ravel_multi_index((labels, predictions), (10, 10)), return_counts=True)
    table[pairs] = times
    return table.reshape(10, -1)


# 4.2 · Precision and recall


@attempt("04-precision-recall", r"swap|exchang|order|column|row")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = float(right / row) if row > 0 else math.nan
    recall = float(right / column) if column > 0 else math.nan
    return precision, recall


@attempt("04-precision-recall", r"nan")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = float(right / column) if column > 0 else 0.0
    recall = float(right / row) if row > 0 else 0.0
    return precision, recall


@attempt("04-precision-recall", r"nan")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = float(right / column) if column > 0 else None
    recall = float(right / row) if row > 0 else None
    return precision, recall


@attempt("04-precision-recall", r"diagonal|too|whole|all|itself|include|hits|right ones as well|right by wrong")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    missed, wrongly = matrix[digit].sum() - right, matrix[:, digit].sum() - right
    precision = float(right / wrongly) if wrongly else math.nan
    recall = float(right / missed) if missed else math.nan
    return precision, recall


@attempt("04-precision-recall", r"accuracy|one digit|of the digit|row|column|trace|diagonal entry|never used: digit")
def precision_recall_of(matrix, digit):
    accuracy = float(np.trace(matrix) / matrix.sum())
    return accuracy, accuracy


@attempt("04-precision-recall", r"precision_recall|yourself|without|ready-made")
def precision_recall_of(matrix, digit):
    p, r = precision_recall(matrix)
    return float(p[digit]), float(r[digit])


@attempt("04-precision-recall", r"total|all images|whole|row|column|matrix\.sum|sum of")
def precision_recall_of(matrix, digit):
    total = matrix.sum()
    if total == 0:
        return math.nan, math.nan
    return float(matrix[digit, digit] / total), float(matrix[digit, digit] / total)


@attempt("04-precision-recall", r"both|two|recall|tuple|pair")
def precision_recall_of(matrix, digit):
    column = matrix[:, digit].sum()
    return float(matrix[digit, digit] / column) if column else math.nan


@attempt("04-precision-recall", r"column|axis|\[:, ?digit\]|same")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    read_as, images = matrix[digit, :].sum(), matrix[digit].sum()
    precision = float(right / read_as) if read_as > 0 else math.nan
    recall = float(right / images) if images > 0 else math.nan
    return precision, recall


@attempt("04-precision-recall", r"one digit|array|\[digit\]|two (float|number)|single|all ten|all digits|every digit")
def precision_recall_of(matrix, digit):
    diagonal = np.diag(matrix)
    return diagonal / matrix.sum(axis=0), diagonal / matrix.sum(axis=1)


@attempt("04-precision-recall", r"//|whole|integer|round|fraction")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = float(right // column) if column > 0 else math.nan
    recall = float(right // row) if row > 0 else math.nan
    return precision, recall


@attempt("04-precision-recall", r"percent|100|\[0, 1\]|0 to 1|between 0 and 1|fraction")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = 100 * float(right / column) if column > 0 else math.nan
    recall = 100 * float(right / row) if row > 0 else math.nan
    return precision, recall


@attempt("04-precision-recall", r"round|digits|exact|decimal")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = round(float(right / column), 2) if column > 0 else math.nan
    recall = round(float(right / row), 2) if row > 0 else math.nan
    return precision, recall


@attempt("04-precision-recall", r"each|separate|only (one|the)|own|both|one of|other")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    if row == 0 or column == 0:
        return math.nan, math.nan
    return float(right / column), float(right / row)


@attempt("04-precision-recall", r"hits|diagonal|sum|below|divide|top|denominator|numerator")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    if right == 0:
        return math.nan, math.nan
    return float(right / matrix[:, digit].sum()), float(right / matrix[digit].sum())


@attempt("04-precision-recall", r"zero|\b0\b|divid|nan")
def precision_recall_of(matrix, digit):
    right = int(matrix[digit, digit])
    read_as = sum(int(matrix[i, digit]) for i in range(10))
    images = sum(int(matrix[digit, i]) for i in range(10))
    return right / read_as, right / images


@attempt("04-precision-recall", r"print|return|None")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    print("precision", right / matrix[:, digit].sum(), "recall", right / matrix[digit].sum())


@attempt("04-precision-recall", r"\bnan\b|name|defin|spell")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:, digit].sum()
    precision = float(right / column) if column > 0 else nan
    recall = float(right / row) if row > 0 else nan
    return precision, recall


@attempt("04-precision-recall", r"slice|comma|\[:, ?digit\]|\[:digit\]|column")
def precision_recall_of(matrix, digit):
    right = matrix[digit, digit]
    row, column = matrix[digit].sum(), matrix[:digit].sum()
    precision = float(right / column) if column > 0 else math.nan
    recall = float(right / row) if row > 0 else math.nan
    return precision, recall


@attempt("04-precision-recall")
def precision_recall_of(matrix, digit):
    with np.errstate(invalid="ignore"):
        below = np.array([matrix.sum(axis=0)[digit], matrix.sum(axis=1)[digit]])
        precision, recall = (matrix[digit, digit] / below).tolist()
    return precision, recall


@attempt("04-precision-recall")
def precision_recall_of(matrix, digit):
    rows = matrix.tolist()

    def share(numbers):
        numbers = list(numbers)
        try:
            return numbers[digit] / sum(numbers)
        except ZeroDivisionError:
            return float("nan")

    return share(row[digit] for row in rows), share(rows[digit])


# 4.3 · The most frequent mistake


@attempt("04-most-confused", r"diagonal")
def most_confused(matrix):
    label, prediction = divmod(int(np.argmax(matrix)), 10)
    return label, prediction


@attempt("04-most-confused", r"copy|chang|as it is|in place|stay")
def most_confused(matrix):
    np.fill_diagonal(matrix, -1)
    label, prediction = divmod(int(matrix.argmax()), 10)
    return label, prediction


@attempt("04-most-confused", r"swap|order|label first|exchang|row|column")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    prediction, label = divmod(int(m.argmax()), 10)
    return label, prediction


@attempt("04-most-confused", r"divmod|row and column|two|flat|whole table|tuple|pair")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    return int(m.argmax())


@attempt("04-most-confused", r"last|first of|equal|smallest|>=|tie")
def most_confused(matrix):
    best, pair = -1, None
    for i in range(10):
        for j in range(10):
            if i != j and matrix[i, j] >= best:
                best, pair = matrix[i, j], (i, j)
    return pair


@attempt("04-most-confused", r"most_confused_pairs|yourself|without")
def most_confused(matrix):
    label, prediction, _ = most_confused_pairs(matrix, count=1)[0]
    return label, prediction


@attempt("04-most-confused", r"two|pair|three|only|tuple|count")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    i, j = divmod(int(m.argmax()), 10)
    return i, j, int(m[i, j])


@attempt("04-most-confused", r"symmetr|both directions|transpos|\.T\b|direction|separate|other way|added")
def most_confused(matrix):
    m = matrix + matrix.T
    np.fill_diagonal(m, -1)
    i, j = divmod(int(m.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"\b0\b|zero|-1|no mistake|negative|can't win|below")
def most_confused(matrix):
    m = matrix - np.diag(np.diag(matrix))
    i, j = divmod(int(m.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"share|fraction|rate|divid|count|row sum|entry|entries|itself")
def most_confused(matrix):
    m = matrix / matrix.sum(axis=1, keepdims=True)
    np.fill_diagonal(m, -1)
    i, j = divmod(int(m.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"entry|single|sum|whole|one pair|row")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, 0)
    return int(m.sum(axis=1).argmax()), int(m.sum(axis=0).argmax())


@attempt("04-most-confused", r"divmod|by 10|swap|order")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    a, b = divmod(10, int(m.argmax()))
    return a, b


@attempt("04-most-confused", r"half|below|both|upper|lower|triangle|triu|whole|other side|under")
def most_confused(matrix):
    m = np.triu(matrix, k=1)
    i, j = divmod(int(m.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"name|spell|defin|matirx")
def most_confused(matrix):
    m = matirx.copy()
    np.fill_diagonal(m, -1)
    i, j = divmod(int(m.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"print|return|None")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    i, j = divmod(int(m.argmax()), 10)
    print(f"{i} read as {j}")


@attempt("04-most-confused", r"None|in place|fill_diagonal|gives back|returns nothing|own line")
def most_confused(matrix):
    m = np.fill_diagonal(matrix.copy(), -1)
    i, j = divmod(int(m.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"copy|chang|same array|second name|as it is|alias|stay|\[:\]|view")
def most_confused(matrix):
    mistakes = matrix[:]
    np.fill_diagonal(mistakes, -1)
    i, j = divmod(int(mistakes.argmax()), 10)
    return i, j


@attempt("04-most-confused", r"\bint|float|//|divmod|whole")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, -1)
    k = int(m.argmax())
    return k / 10, k % 10


@attempt("04-most-confused", r"largest|argmax|smallest|rarest|argmin")
def most_confused(matrix):
    m = matrix.copy()
    np.fill_diagonal(m, m.max() + 1)
    i, j = divmod(int(m.argmin()), 10)
    return i, j


@attempt("04-most-confused")
def most_confused(matrix):
    pairs = [(-matrix[i, j], i, j) for i in range(10) for j in range(10) if i != j]
    _, label, prediction = min(pairs)
    return label, prediction


@attempt("04-most-confused")
def most_confused(matrix):
    hidden = np.where(np.eye(10, dtype=bool), matrix.min() - 1, matrix)
    rows, columns = np.nonzero(hidden == hidden.max())
    return int(rows[0]), int(columns[0])


# 4.4 · Silent when in doubt


@attempt("04-calibration", r">=|equal|reach")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) > threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", r"among|only|kept|answered|silent|all images")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits.mean()) if kept.any() else math.nan


@attempt("04-calibration", r"nan")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    if not kept.any():
        return 0.0, 0.0
    return float(kept.mean()), float(hits[kept].mean())


@attempt("04-calibration", r"axis")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=0) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean())


@attempt("04-calibration", r"largest|max|confidence|label|right digit|true")
def coverage(probabilities, labels, threshold):
    kept = probabilities[np.arange(len(labels)), labels] >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", r"fraction|mean|share|divid|count|number of")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.sum()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", r"max|largest|each image|per image|confidence|all (ten )?probabilities|axis")
def coverage(probabilities, labels, threshold):
    kept = probabilities >= threshold
    hits = probabilities.argmax(axis=1) == labels
    answered = kept.any(axis=1)
    return float(kept.mean()), float(hits[answered].mean()) if answered.any() else math.nan


@attempt("04-calibration", r"swap|order|first|exchang")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    accuracy = float(hits[kept].mean()) if kept.any() else math.nan
    return accuracy, float(kept.mean())


@attempt("04-calibration", r"among|only|divid|kept|answered|all images")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = (probabilities.argmax(axis=1) == labels) & kept
    return float(kept.mean()), float(hits.mean()) if kept.any() else math.nan


@attempt("04-calibration", r"shape|length|labels\[|both|same images|mask|filter")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    digits = probabilities[kept].argmax(axis=1)
    accuracy = float((digits == labels).mean()) if kept.any() else math.nan
    return float(kept.mean()), accuracy


@attempt(
    "04-calibration", r"threshold.*(argument|hard|fixed|given)|hard|fixed|argument|0\.99|always|whatever|same for every"
)
def coverage(probabilities, labels, threshold):
    threshold = 0.99
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", r"zero|\b0\b|divid|nan|none")
def coverage(probabilities, labels, threshold):
    answered = right = 0
    for p, label in zip(probabilities, labels):
        if max(p) >= threshold:
            answered += 1
            right += int(np.argmax(p) == label)
    return answered / len(labels), right / answered


@attempt("04-calibration", r"wrong way|below|silent|>=|reach|other way|revers|opposite|invert")
def coverage(probabilities, labels, threshold):
    silent = probabilities.max(axis=1) < threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(silent.mean()), float(hits[silent].mean()) if silent.any() else math.nan


@attempt("04-calibration", r"axis|each image")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max() >= threshold
    hits = probabilities.argmax() == labels
    return float(kept.mean()), float(hits.mean())


@attempt("04-calibration", r"percent|100|0 to 1|fraction")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    accuracy = 100 * float(hits[kept].mean()) if kept.any() else math.nan
    return 100 * float(kept.mean()), accuracy


@attempt("04-calibration", r"print|return|None")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    print(f"{kept.mean():.1%} answered, {hits[kept].mean():.1%} right")


@attempt("04-calibration", r"name|spell|defin|typo")
def coverage(probabilities, labels, threshold):
    kept = probabilites.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(hits[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration", r"two|both|tuple|pair|accuracy")
def coverage(probabilities, labels, threshold):
    return float((probabilities.max(axis=1) >= threshold).mean())


@attempt("04-calibration", r"==|wrong|error|right|accuracy|!=")
def coverage(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    misses = probabilities.argmax(axis=1) != labels
    return float(kept.mean()), float(misses[kept].mean()) if kept.any() else math.nan


@attempt("04-calibration")
def coverage(probabilities, labels, threshold):
    digits = np.argsort(-probabilities, axis=1, kind="stable")[:, 0]
    sure = np.take_along_axis(probabilities, digits[:, None], axis=1).ravel()
    answered = np.flatnonzero(~(sure < threshold))
    if answered.size == 0:
        return 0.0, float("nan")
    right = np.count_nonzero(digits[answered] == labels[answered])
    return answered.size / len(labels), right / answered.size


@attempt("04-calibration")
def coverage(probabilities, labels, threshold):
    outcomes = [int(p.argmax()) == y for p, y in zip(probabilities, labels) if p.max() >= threshold]
    accuracy = sum(outcomes) / len(outcomes) if outcomes else math.nan
    return len(outcomes) / len(probabilities), float(accuracy)


# 5.1 · Light on dark


@attempt("05-polarity", r"ring|border|edge|whole|inside")
def to_light_on_dark(pixels):
    return 255 - pixels if pixels.mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"ring|whole|corner|all pixels|each pixel|border")
def to_light_on_dark(pixels):
    corners = [pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]]
    return 255 - pixels if np.mean(corners) > 127.5 else pixels.copy()


@attempt("05-polarity", r"copy|new")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    if pixels[ring].mean() > 127.5:
        return 255 - pixels
    return pixels


@attempt("05-polarity", r"in place|copy|chang|new|as it is")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    if pixels[ring].mean() > 127.5:
        pixels[:] = 255 - pixels
    return pixels.copy()


@attempt("05-polarity", r"corner|twice|once")
def to_light_on_dark(pixels):
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return 255 - pixels if ring.mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"wrong way|<|brighter|light|dark|opposite|revers|other way")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean() < 127.5 else pixels.copy()


@attempt("05-polarity", r"dtype|uint8|float")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255.0 - pixels if pixels[ring].mean() > 127.5 else pixels.astype(float)


@attempt("05-polarity", r"255|256|negative|wrap")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return -pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"median|mean|average")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if np.median(pixels[ring]) > 127.5 else pixels.copy()


@attempt("05-polarity", r"column|left|right|side|whole ring|all four|four")
def to_light_on_dark(pixels):
    ring = np.stack([pixels[0], pixels[-1]])
    return 255 - pixels if ring.mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"wide|one pixel|outermost|thick|\[1:-1")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[2:-2, 2:-2] = False
    return 255 - pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"inside|ring|interior|middle|outermost|border")
def to_light_on_dark(pixels):
    ring = np.zeros(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = True
    return 255 - pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"127\.5|0 to 255|\b255\b|0\.5|scale|range")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean() > 0.5 else pixels.copy()


@attempt("05-polarity", r"overflow|wrap|uint8|beyond 255|above 255")
def to_light_on_dark(pixels):
    top_bottom = (pixels[0] + pixels[-1]) / 2
    left_right = (pixels[1:-1, 0] + pixels[1:-1, -1]) / 2
    level = np.concatenate([top_bottom, left_right]).mean()
    return 255 - pixels if level > 127.5 else pixels.copy()


@attempt("05-polarity", r"shape|\b28\b|any size|size|other")
def to_light_on_dark(pixels):
    ring = np.ones((28, 28), dtype=bool)
    ring[1:27, 1:27] = False
    return 255 - pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"copy|return|None|else")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    if pixels[ring].mean() > 127.5:
        return 255 - pixels


@attempt("05-polarity", r"name|spell|defin|typo")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    rign[1:-1, 1:-1] = False
    return 255 - pixels if pixels[ring].mean() > 127.5 else pixels.copy()


@attempt("05-polarity", r"picture|invert|255 - |array|bool|image|True and False")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return pixels[ring].mean() > 127.5


@attempt("05-polarity", r"always|only (if|when)|\bif\b|dark|already")
def to_light_on_dark(pixels):
    return 255 - pixels


@attempt("05-polarity", r"\bor\b|mean|average|any|each pixel|together|single")
def to_light_on_dark(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    return 255 - pixels if (pixels[ring] > 127.5).any() else pixels.copy()


@attempt("05-polarity")
def to_light_on_dark(pixels):
    h, w = pixels.shape
    inner = pixels[1 : h - 1, 1 : w - 1]
    total = int(pixels.sum(dtype=np.int64)) - int(inner.sum(dtype=np.int64))
    light = 2 * total > 255 * (pixels.size - inner.size)
    return pixels ^ np.uint8(255 * light)


@attempt("05-polarity")
def to_light_on_dark(pixels):
    ring = [*pixels[0], *pixels[-1], *pixels[1:-1, 0], *pixels[1:-1, -1]]
    if sum(int(p) for p in ring) / len(ring) > 127.5:
        return ~pixels
    return +pixels


# 5.2 · Centre of mass


@attempt("05-centre", r"swap|order|row.*first|exchang|column")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = (w.sum(axis=1) * np.arange(w.shape[0])).sum() / w.sum()
    column = (w.sum(axis=0) * np.arange(w.shape[1])).sum() / w.sum()
    return float(column), float(row)


@attempt("05-centre", r"brightest|argmax|mean|all pixels|weight|every pixel")
def centre_of_mass(pixels):
    row, column = np.unravel_index(pixels.argmax(), pixels.shape)
    return float(row), float(column)


@attempt("05-centre", r"weigh|value|bright")
def centre_of_mass(pixels):
    rows, columns = np.nonzero(pixels)
    return float(rows.mean()), float(columns.mean())


@attempt("05-centre", r"ndimage|numpy|yourself|center_of_mass")
def centre_of_mass(pixels):
    row, column = ndimage.center_of_mass(pixels)
    return float(row), float(column)


@attempt("05-centre", r"box|weigh|value|middle|mean")
def centre_of_mass(pixels):
    rows, columns = np.nonzero(pixels)
    return float((rows.min() + rows.max()) / 2), float((columns.min() + columns.max()) / 2)


@attempt("05-centre", r"0\.5|half|\(0, 0\)|first pixel")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ (np.arange(w.shape[0]) + 0.5) / w.sum()
    column = w.sum(axis=0) @ (np.arange(w.shape[1]) + 0.5) / w.sum()
    return float(row), float(column)


@attempt("05-centre", r"axis|swap|row|column")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=0) @ np.arange(w.shape[0]) / w.sum()
    column = w.sum(axis=1) @ np.arange(w.shape[1]) / w.sum()
    return float(row), float(column)


@attempt("05-centre", r"overflow|wrap|uint8|astype|beyond 255|above 255")
def centre_of_mass(pixels):
    rows = np.arange(pixels.shape[0], dtype=np.uint8)
    columns = np.arange(pixels.shape[1], dtype=np.uint8)
    total = pixels.sum()
    return float((pixels * rows[:, None]).sum() / total), float((pixels * columns).sum() / total)


@attempt("05-centre", r"round|\bint|float|fraction|whole")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arange(w.shape[0]) / w.sum()
    column = w.sum(axis=0) @ np.arange(w.shape[1]) / w.sum()
    return round(row), round(column)


@attempt("05-centre", r"from 0|\(0, 0\)|from 1|start|first pixel|one too|\b0\b")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arange(1, w.shape[0] + 1) / w.sum()
    column = w.sum(axis=0) @ np.arange(1, w.shape[1] + 1) / w.sum()
    return float(row), float(column)


@attempt("05-centre", r"divid|sum|weight|total|size|number of")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arange(w.shape[0]) / w.size
    column = w.sum(axis=0) @ np.arange(w.shape[1]) / w.size
    return float(row), float(column)


@attempt("05-centre", r"tuple|two|array|float")
def centre_of_mass(pixels):
    grid = np.indices(pixels.shape)
    return (grid * pixels).sum(axis=(1, 2)) / pixels.sum()


@attempt("05-centre", r"divid|total|sum of (the|all) weights|mean")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    return float(w.sum(axis=1) @ np.arange(w.shape[0])), float(w.sum(axis=0) @ np.arange(w.shape[1]))


@attempt("05-centre", r"print|return|None")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arange(w.shape[0]) / w.sum()
    column = w.sum(axis=0) @ np.arange(w.shape[1]) / w.sum()
    print(row, column)


@attempt("05-centre", r"name|spell|defin|typo|attribute|arange")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arrange(w.shape[0]) / w.sum()
    column = w.sum(axis=0) @ np.arrange(w.shape[1]) / w.sum()
    return float(row), float(column)


@attempt("05-centre", r"column|two|both|tuple|pair")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    return float(w.sum(axis=1) @ np.arange(w.shape[0]) / w.sum())


@attempt("05-centre", r"\b28\b|shape|any size|size|other")
def centre_of_mass(pixels):
    w = pixels.astype(float)
    row = w.sum(axis=1) @ np.arange(28) / w.sum()
    column = w.sum(axis=0) @ np.arange(28) / w.sum()
    return float(row), float(column)


@attempt("05-centre", r"middle|depend|weight|shape|ink|centre of the (picture|image)")
def centre_of_mass(pixels):
    height, width = pixels.shape
    return (height - 1) / 2, (width - 1) / 2


@attempt("05-centre")
def centre_of_mass(pixels):
    rows, columns = np.nonzero(pixels)
    weights = pixels[rows, columns]
    return float(np.average(rows, weights=weights)), float(np.average(columns, weights=weights))


@attempt("05-centre")
def centre_of_mass(pixels):
    total = up = left = 0
    for (r, c), value in np.ndenumerate(pixels):
        value = int(value)
        total += value
        up += r * value
        left += c * value
    return up / total, left / total


# 5.3 · A reader of your own


@attempt("05-reader", r"\bint\b|tensor|item")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return model(to_input(to_mnist(path))).argmax()


@attempt("05-reader", r"argmax|position|index|which|largest")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(path))).max())


@attempt("05-reader", r"dim|axis|argmax|\(1, 10\)")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(path))).argmax(dim=0))


@attempt("05-reader", r"ImageClassifier|yourself")
def read_digit(path):
    return int(ImageClassifier(COURSE / "model.pth").predict(path))


@attempt("05-reader", r"to_mnist|prepar")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    gray = Image.open(path).convert("L").resize((28, 28))
    return int(model(to_input(np.array(gray))).argmax())


@attempt("05-reader", r"\bint\b|str|text")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return str(model(to_input(to_mnist(path))).argmax().item())


@attempt("05-reader", r"load_model|train|weights|model\.pth|fresh|random")
def read_digit(path):
    from lenet_helpers import LeNet

    model = LeNet(seed=1)
    return int(model(to_input(to_mnist(path))).argmax())


@attempt("05-reader", r"argmax|\bint\b|digit|one number|single")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return model(to_input(to_mnist(path))).softmax(dim=1)


@attempt("05-reader", r"name|spell|defin|to_mnist")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_minst(path))).argmax())


@attempt("05-reader", r"print|return|None")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    print(int(model(to_input(to_mnist(path))).argmax()))


@attempt("05-reader", r"to_input|tensor|array")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_mnist(path)).argmax())


@attempt("05-reader", r"largest|argmax|smallest|argmin")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(path))).argmin())


@attempt("05-reader", r"invert|255|polarity|light|dark|to_mnist")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(255 - to_mnist(path))).argmax())


@attempt("05-reader", r"always|hard|fixed|any (picture|file)|path|same for every|whatever")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(COURSE / "test.png"))).argmax())


@attempt("05-reader", r"ImageClassifier|classifier|yourself")
def read_digit(path):
    return int(classifier.predict(path))


@attempt("05-reader", r"from 0|\+ ?1|one too|classes|0 to 9|already")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_input(to_mnist(path))).argmax()) + 1


@attempt("05-reader", r"shape|dimension|axis|already|\[None\]|unsqueeze|batch")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    x = to_input(to_mnist(path)).unsqueeze(0)
    return int(model(x).argmax())


@attempt("05-reader", r"to_input|-1|range|scale|normal")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    x = torch.tensor(to_mnist(path), dtype=torch.float32)[None, None]
    return int(model(x).argmax())


@attempt("05-reader", r"to_input|to_mnist|order|first|path|picture|pixels")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    return int(model(to_mnist(to_input(path))).argmax())


@attempt("05-reader", r"ascending|largest|last|argmax|smallest|argsort|\[-1\]")
def read_digit(path):
    model = load_model(COURSE / "model.pth")
    logits = model(to_input(to_mnist(path)))[0]
    return int(logits.argsort()[0])


@attempt("05-reader")
def read_digit(path):
    with torch.inference_mode():
        picture = Image.open(path)
        scores = load_model(COURSE / "model.pth").eval()(to_input(to_mnist(picture)[None]))
    return max(range(10), key=scores.squeeze().tolist().__getitem__)


@attempt("05-reader")
def read_digit(path):
    steps = (to_mnist, to_input, load_model(COURSE / "model.pth"), lambda t: t.softmax(1).topk(1).indices.item())
    value = path
    for do in steps:
        value = do(value)
    return value


# 5.4 · The best path


@attempt("05-path", r"greedy|each cut|all cuts|all paths|greatest score|later|best next|go on|turn out")
def best_score(scores):
    total, cut = 0.0, 0
    while cut < len(scores) - 1:
        following = cut + 1 + int(scores[cut, cut + 1 :].argmax())
        total += scores[cut, following]
        cut = following
    return float(total)


@attempt("05-path", r"join|neighbour|longer|skip|every cut|all cuts|further|more than one")
def best_score(scores):
    return float(np.diag(scores, k=1).sum())


@attempt("05-path", r"single arc|one arc|several|sum|between|path|other cuts|in between")
def best_score(scores):
    return float(scores[0, -1])


@attempt("05-path", r"cut 0|start|\b0\b|first cut|-inf")
def best_score(scores):
    n = len(scores)
    total = np.full(n, -np.inf)
    for cut in range(1, n):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    return float(total[-1])


@attempt("05-path", r"negative|below 0|-inf|at 0|begin|zero|start")
def best_score(scores):
    n = len(scores)
    total = [0.0] * n
    for j in range(1, n):
        for i in range(j):
            total[j] = max(total[j], total[i] + scores[i, j])
    return float(total[-1])


@attempt("05-path", r"last cut|one (more|too few|short)|too early|range|cut N|\+ ?1|end")
def best_score(scores):
    n = len(scores) - 1
    total = np.zeros(n + 1)
    for cut in range(1, n):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    return float(total[n - 1])


@attempt("05-path", r"swap|row|column|transpos|\[i, j\]|from cut|i < j|first index")
def best_score(scores):
    total = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        total[cut] = (total[:cut] + scores[cut, :cut]).max()
    return float(total[-1])


@attempt("05-path", r"greatest|max|smallest|min|least")
def best_score(scores):
    total = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        total[cut] = (total[:cut] + scores[:cut, cut]).min()
    return float(total[-1])


@attempt("05-path", r"sum|path|single arc|one arc|from the first")
def best_score(scores):
    return float(scores[np.triu_indices(len(scores), 1)].max())


@attempt("05-path", r"last|float|single|one number|\[-1\]|array|only")
def best_score(scores):
    total = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    return total


@attempt("05-path", r"\bint|float|round|fraction|whole")
def best_score(scores):
    total = np.zeros(len(scores), dtype=int)
    for cut in range(1, len(scores)):
        total[cut] = max(int(total[i] + scores[i, cut]) for i in range(cut) if scores[i, cut] > -np.inf)
    return float(total[-1])


@attempt("05-path", r"copy|chang|in place|as it is|stay|`scores`")
def best_score(scores):
    for cut in range(1, len(scores)):
        for i in range(1, cut):
            scores[0, cut] = max(scores[0, cut], scores[0, i] + scores[i, cut])
    return float(scores[0, -1])


@attempt("05-path", r"print|return|None")
def best_score(scores):
    total = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    print(total[-1])


@attempt("05-path", r"name|spell|defin|typo")
def best_score(scores):
    totals = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        totals[cut] = (total[:cut] + scores[:cut, cut]).max()
    return float(totals[-1])


@attempt("05-path", r"last cut|cut N|at the end|\[-1\]|whole|to the last|reach")
def best_score(scores):
    total = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    return float(total.max())


@attempt("05-path", r"N \+ 1|index|one more|len\(|out of|too (short|small)|one too few")
def best_score(scores):
    n = len(scores) - 1
    total = np.zeros(n)
    for cut in range(1, n + 1):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    return float(total[-1])


@attempt("05-path", r"sum so far|total|best sum|so far|before|add|path|connected|fit")
def best_score(scores):
    return float(sum(scores[:cut, cut].max() for cut in range(1, len(scores))))


@attempt("05-path", r"negative|below 0|-inf|positive|skip|minus")
def best_score(scores):
    total = np.full(len(scores), -np.inf)
    total[0] = 0
    for j in range(1, len(scores)):
        for i in range(j):
            if scores[i, j] > 0:
                total[j] = max(total[j], total[i] + scores[i, j])
    return float(total[-1])


@attempt("05-path", r"sum|number|score, not|cuts|path")
def best_score(scores):
    total, before = np.zeros(len(scores)), [0] * len(scores)
    for cut in range(1, len(scores)):
        options = total[:cut] + scores[:cut, cut]
        before[cut] = int(options.argmax())
        total[cut] = options.max()
    path = [len(scores) - 1]
    while path[-1]:
        path.append(before[path[-1]])
    return path[::-1]


@attempt("05-path", r"two|all cuts|any number|more than|earlier|every|two arcs|neighbour|any cut")
def best_score(scores):
    total = np.full(len(scores), -np.inf)
    total[0] = 0.0
    for cut in range(1, len(scores)):
        for i in range(max(0, cut - 2), cut):
            total[cut] = max(total[cut], total[i] + scores[i, cut])
    return float(total[-1])


@attempt("05-path")
def best_score(scores):
    n = len(scores)
    rest = [0.0]  # from the last cut backwards
    for i in reversed(range(n - 1)):
        rest.insert(0, max(float(scores[i, i + 1 + k]) + value for k, value in enumerate(rest)))
    return rest[0]


@attempt("05-path")
def best_score(scores):
    known = {0: 0.0}

    def to(cut):
        if cut not in known:
            known[cut] = max(to(earlier) + float(scores[earlier, cut]) for earlier in range(cut))
        return known[cut]

    return to(len(scores) - 1)
