package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/webp"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// drawn is a picture of a width and a height, not all of one colour.
func drawn(width, height int) image.Image {
	m := image.NewGray(image.Rect(0, 0, width, height))
	for x := range min(width, 50) {
		m.SetGray(x, 0, color.Gray{Y: uint8(5 * x)})
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pictures are good ones of each kind, by name.
func pictures(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"drawn.jpg": asJPEG(t, drawn(40, 30)), "drawn.png": asPNG(t, drawn(40, 30)),
		"widest.png": asPNG(t, drawn(MaxSide, 1)), "highest.jpg": asJPEG(t, drawn(1, MaxSide)),
		"progressive.jpg": file(t, "progressive.jpg"), "lossy.webp": file(t, "lossy.webp"),
		"lossless.webp": file(t, "lossless.webp"), "alpha.webp": file(t, "alpha.webp"),
		"anim.webp": file(t, "anim.webp"), "plain.avif": file(t, "plain.avif"), "alpha.avif": file(t, "alpha.avif"),
		"anim.avif": file(t, "anim.avif"),
	}
}

var typesByExtension = map[string]string{
	".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".avif": "image/avif",
}

func TestCheck(t *testing.T) {
	for name, b := range pictures(t) {
		got, err := Check(b)
		if want := typesByExtension[filepath.Ext(name)]; err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

const (
	noPicture = "The file is no JPEG, PNG, WebP or AVIF picture."
	damaged   = "The file is damaged, or has something else in it beside the picture. " +
		"Save it anew with a program for pictures."
	tooLarge = "The picture must be 1 to 8192 pixels wide and high."
)

func wantRefused(t *testing.T, name string, b []byte, want string) {
	t.Helper()
	kind, err := Check(b)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Reason != want || kind != "" && want == noPicture {
		t.Errorf("%s: got %q, %v, want %q", name, kind, err, want)
	}
}

func TestCheckRefusesOtherFiles(t *testing.T) {
	for name, content := range map[string]string{
		"nothing": "", "text": "lamp", "SVG": `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"SVG with a declaration": `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`,
		"HTML":                   "<!doctype html><script>alert(1)</script>",
		"GIF":                    "GIF89a\x01\x00\x01\x00\x00\x00\x00;",
		"PDF":                    "%PDF-1.7",
		"ZIP":                    "PK\x03\x04",
		"BMP":                    "BM\x1e\x00\x00\x00",
		"TIFF":                   "II*\x00\x08\x00\x00\x00",
		"WAVE":                   "RIFF\x04\x00\x00\x00WAVE",
		"HTML before a PNG":      "<html>" + string(asPNG(t, drawn(1, 1))),
		"half a signature":       "\x89PNG", "two bytes of a JPEG": "\xff\xd8",
	} {
		wantRefused(t, name, []byte(content), noPicture)
	}
	heic := bytes.ReplaceAll(file(t, "plain.avif"), []byte("avif"), []byte("heic"))
	wantRefused(t, "HEIC", heic, damaged)
}

// TestCheckRefusesMoreThanAPicture: whatever follows a picture, or is missing at its end.
func TestCheckRefusesMoreThanAPicture(t *testing.T) {
	for name, b := range pictures(t) {
		for more, suffix := range map[string]string{
			"a byte": "\x00", "a page": "<html><script>alert(1)</script>", "an archive": "PK\x03\x04 and more",
			"itself": string(b), "a box": "\x00\x00\x00\x08free<html>", "a large box": "\x00\x00\x00\x00mdat<html>",
		} {
			wantRefused(t, name+" and "+more, append(slices.Clone(b), suffix...), damaged)
		}
		for _, left := range []int{len(b) - 1, len(b) / 2, 12, 20, 30} {
			wantRefused(t, name+" cut off", b[:left], damaged)
		}
	}
}

func TestCheckRefusesDimensions(t *testing.T) {
	avif := func(width, height uint32) []byte {
		b := file(t, "plain.avif")
		at := bytes.Index(b, []byte("ispe")) + 8
		binary.BigEndian.PutUint32(b[at:], width)
		binary.BigEndian.PutUint32(b[at+4:], height)
		return b
	}
	moving := func(at int) []byte { // at 0 is the width of a track in whole pixels, at 4 its height
		b := file(t, "anim.avif")
		head := bytes.Index(b, []byte("tkhd"))
		end := head - 4 + int(binary.BigEndian.Uint32(b[head-4:]))
		binary.BigEndian.PutUint16(b[end-8+at:], MaxSide+1)
		return b
	}
	for name, b := range map[string][]byte{
		"too wide an AVIF that moves": moving(0), "too high an AVIF that moves": moving(4),
		"too wide a PNG": asPNG(t, drawn(MaxSide+1, 1)), "too high a JPEG": asJPEG(t, drawn(1, MaxSide+1)),
		"too wide an AVIF": avif(MaxSide+1, 1), "an endless AVIF": avif(1, 1<<32-1), "an AVIF of nothing": avif(0, 2),
	} {
		wantRefused(t, name, b, tooLarge)
	}
	// A lossless WebP has its width less 1 in 14 bits, and the same of its height.
	wide := file(t, "lossless.webp")
	binary.LittleEndian.PutUint32(wide[21:], MaxSide|binary.LittleEndian.Uint32(wide[21:])&^0x3FFF)
	wantRefused(t, "too wide a WebP", wide, tooLarge)
}

// withChunk is the PNG with a chunk more after its header.
func withChunk(b []byte, kind, data string) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(chunk, kind+data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(b[:33], chunk, b[33:])
}

// withSegment is the JPEG with a segment more before all others.
func withSegment(b []byte, marker byte, data string) []byte {
	segment := append([]byte{0xFF, marker, 0, byte(2 + len(data))}, data...)
	return slices.Concat(b[:2], segment, b[2:])
}

func TestCheckFollowsTheFrame(t *testing.T) {
	p, j, w, a := asPNG(t, drawn(9, 9)), asJPEG(t, drawn(9, 9)), file(t, "alpha.webp"), file(t, "plain.avif")
	for name, b := range map[string][]byte{
		"a PNG with a text":       withChunk(p, "tEXt", "Comment\x00lamp"),
		"a JPEG with a comment":   withSegment(j, 0xFE, "a"),
		"a JPEG with fill bytes":  slices.Concat(j[:2], []byte{0xFF, 0xFF}, j[2:]),
		"an AVIF with free space": slices.Concat(a, []byte("\x00\x00\x00\x0cfree1234")),
		"an AVIF with a long box": slices.Concat(a, []byte("\x00\x00\x00\x01free\x00\x00\x00\x00\x00\x00\x00\x10")),
	} {
		if _, err := Check(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	damage := func(b []byte, at int) []byte {
		b = slices.Clone(b)
		b[at] ^= 0x40
		return b
	}
	resized := func(chunks []byte) []byte {
		b := append(slices.Clone(w), chunks...)
		binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
		return b
	}
	replaced := func(b []byte, from, to string) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
	for name, b := range map[string][]byte{
		"a PNG with a wrong checksum": damage(p, 30), "a PNG with wrong data": damage(p, len(p)-20),
		"a PNG with two headers":      withChunk(p, "IHDR", string(p[16:29])),
		"a PNG without pixels":        slices.Concat(p[:33], p[len(p)-12:]),
		"a PNG that ends twice":       withChunk(p, "IEND", ""),
		"a JPEG in a JPEG":            slices.Concat(j[:2], j),
		"a JPEG without a scan":       slices.Concat(j[:bytes.Index(j, []byte("\xff\xda"))], []byte("\xff\xd9")),
		"a JPEG with two frames":      withSegment(j, 0xC0, string(j[bytes.Index(j, []byte("\xff\xc0"))+4:][:9])),
		"a WebP with a strange chunk": resized([]byte("html\x04\x00\x00\x00<p>a")),
		"a WebP with half a chunk":    resized([]byte("EXIF\x05\x00\x00\x00abcd")),
		"a WebP of another length":    append(slices.Clone(w), "EXIF\x00\x00\x00\x00"...),
		"an AVIF with a strange box":  slices.Concat(a, []byte("\x00\x00\x00\x0chtml<p>a")),
		"an AVIF without an image":    replaced(a, "mdat", "free"),
		"an AVIF without a size":      replaced(a, "ispe", "free"),
		"a track without a size":      replaced(file(t, "anim.avif"), "tkhd", "free"),
		"an AVIF with two heads":      slices.Concat(a[:32], a),
		"an AVIF without a head":      a[binary.BigEndian.Uint32(a):],
		"an AVIF with a short box":    slices.Concat(a, []byte("\x00\x00\x00\x07free")),
		"an AVIF of another brand":    replaced(replaced(a, "avif", "mif1"), "avif", "mif1"),
	} {
		if _, err := Check(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzCheck: what is taken is of the format by its first bytes, has pixels within the limit, which the library's reader
// sees alike, and nothing after it.
func FuzzCheck(f *testing.F) {
	for _, b := range pictures(f) {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte("\x00\x00\x00\x08ftyp"))
	f.Add([]byte("RIFF\x04\x00\x00\x00WEBP"))
	f.Fuzz(func(t *testing.T, b []byte) {
		mediaType, err := Check(b)
		if err != nil {
			var refused *RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want a refusal", err)
			}
			return
		}
		if !slices.Contains(Types(), mediaType) || strings.HasPrefix(string(b), "<") {
			t.Errorf("%q is taken as %q", b[:min(len(b), 16)], mediaType)
		}
		if size, whole := dimensions(mediaType, b); !whole || size.X > MaxSide || size.Y > MaxSide {
			t.Errorf("taken with %v", size)
		}
		if mediaType == typeWebP {
			if _, err := webp.DecodeConfig(bytes.NewReader(b)); err != nil {
				t.Errorf("taken, and %v", err)
			}
		}
		if _, err := Check(append(slices.Clone(b), "<html>"...)); err == nil {
			t.Error("taken with a page after it")
		}
	})
}
