package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/webp"
)

// MaxSide is how many pixels a picture may be wide or high: its pixels take at most 256 MiB where it is shown.
const MaxSide = 8192

// The media types that are taken.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"
	typeAVIF = "image/avif"
)

// Types returns the media types that are taken.
func Types() []string { return []string{typeJPEG, typePNG, typeWebP, typeAVIF} }

// Check returns the media type of a picture. It returns *RefusedError for bytes that are not one JPEG, PNG, WebP or
// AVIF from the first to the last, and for a picture that is too large. It reads the format's frame and header, and
// does not decode the pixels.
func Check(b []byte) (mediaType string, err error) {
	mediaType = sniff(b)
	size, whole := dimensions(mediaType, b)
	switch {
	case mediaType == "":
		return "", &RefusedError{"The file is no JPEG, PNG, WebP or AVIF picture."}
	case !whole:
		return "", &RefusedError{"The file is damaged, or has something else in it beside the picture. " +
			"Save it anew with a program for pictures."}
	case size.X < 1 || size.Y < 1 || size.X > MaxSide || size.Y > MaxSide:
		return "", &RefusedError{"The picture must be 1 to 8192 pixels wide and high."}
	}
	return mediaType, nil
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// sniff names the format by the first bytes.
func sniff(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return typeJPEG
	case bytes.HasPrefix(b, []byte(pngSignature)):
		return typePNG
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return typeWebP
	case len(b) >= 12 && string(b[4:8]) == "ftyp":
		return typeAVIF
	}
	return ""
}

// dimensions returns the width and the height in pixels, and whether the bytes are one whole picture and nothing more.
func dimensions(mediaType string, b []byte) (size image.Point, whole bool) {
	switch mediaType {
	case typeJPEG:
		return decoded(b, jpeg.DecodeConfig, wholeJPEG)
	case typePNG:
		return decoded(b, png.DecodeConfig, wholePNG)
	case typeWebP:
		return decoded(b, webp.DecodeConfig, wholeWebP)
	case typeAVIF:
		return readAVIF(b)
	}
	return image.Point{}, false
}

func decoded(b []byte, decode func(io.Reader) (image.Config, error), isWhole func([]byte) bool) (image.Point, bool) {
	c, err := decode(bytes.NewReader(b))
	return image.Pt(c.Width, c.Height), err == nil && isWhole(b)
}

// wholePNG follows the chunks: each has its checksum, the first is the header, and the file ends with the last one.
// https://www.w3.org/TR/png-3/#5Chunk-layout
func wholePNG(b []byte) bool {
	rest, isFirst, hasData := b[len(pngSignature):], true, false
	for len(rest) >= 12 {
		length := int64(binary.BigEndian.Uint32(rest))
		if length > int64(len(rest))-12 {
			return false
		}
		kind, end := string(rest[4:8]), 8+length
		if crc32.ChecksumIEEE(rest[4:end]) != binary.BigEndian.Uint32(rest[end:]) || isFirst != (kind == "IHDR") {
			return false
		}
		rest, isFirst, hasData = rest[end+4:], false, hasData || kind == "IDAT"
		if kind == "IEND" {
			return hasData && length == 0 && len(rest) == 0
		}
	}
	return false
}

// The markers of a JPEG that end or begin something (ITU-T T.81, table B.1).
const (
	markerSOI = 0xD8
	markerEOI = 0xD9
	markerSOS = 0xDA
)

// wholeJPEG follows the segments: one frame, at least one scan, and the file ends where the picture does.
func wholeJPEG(b []byte) bool {
	rest, frames, scans := b[2:], 0, 0
	for {
		marker, after, ok := nextMarker(rest)
		switch {
		case !ok || marker == markerSOI:
			return false
		case marker == markerEOI:
			return frames == 1 && scans > 0 && len(after) == 0
		}
		if len(after) < 2 {
			return false
		}
		length := int(binary.BigEndian.Uint16(after))
		if length < 2 || length > len(after) {
			return false
		}
		rest = after[length:]
		if isFrame(marker) {
			frames++
		}
		if marker == markerSOS {
			scans++
			rest = skipScan(rest)
		}
	}
}

// nextMarker reads a marker, which fill bytes may precede.
func nextMarker(b []byte) (marker byte, after []byte, ok bool) {
	if len(b) < 2 || b[0] != 0xFF {
		return 0, nil, false
	}
	for len(b) > 1 && b[1] == 0xFF {
		b = b[1:]
	}
	if len(b) < 2 || b[1] < 0xC0 || b[1] >= 0xD0 && b[1] <= 0xD7 {
		return 0, nil, false
	}
	return b[1], b[2:], true
}

func isFrame(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
}

// skipScan returns what follows the coded data of a scan. In it 0xFF is followed by 0 or by the number of a restart.
func skipScan(b []byte) []byte {
	for i := 0; i+1 < len(b); i++ {
		if b[i] == 0xFF && b[i+1] != 0 && !(b[i+1] >= 0xD0 && b[i+1] <= 0xD7) {
			return b[i:]
		}
	}
	return nil
}

// webpChunks are those of the format. https://developers.google.com/speed/webp/docs/riff_container
var webpChunks = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP", "EXIF", "XMP "}

// wholeWebP follows the chunks to the end of the file. A chunk of an odd length has a byte more.
func wholeWebP(b []byte) bool {
	if int64(binary.LittleEndian.Uint32(b[4:])) != int64(len(b))-8 {
		return false
	}
	rest := b[12:]
	for len(rest) > 0 {
		if len(rest) < 8 || !slices.Contains(webpChunks, string(rest[:4])) {
			return false
		}
		length := int64(binary.LittleEndian.Uint32(rest[4:]))
		if length += length % 2; length > int64(len(rest))-8 {
			return false
		}
		rest = rest[8+length:]
	}
	return true
}
