package backup

import (
	"strings"
	"testing"
)

func TestParseCode(t *testing.T) {
	want := backupCode{3, "7QK4M0N1PXYZ8ABC"}
	for _, answer := range []string{
		"03-7QK4-M0N1-PXYZ-8ABC",
		"037QK4M0N1PXYZ8ABC",
		"03-7qk4-m0n1-pxyz-8abc",
		" 03 7QK4 M0N1\tPXYZ 8ABC\r\n",
		"03–7QK4—M0N1−PXYZ‐8ABC",
		"o3-7QK4-MON1-PXYZ-8ABC",
		"O3-7QK4-MoNI-PXYZ-8ABC",
		"03-7QK4-M0Nl-PXYZ-8ABC",
		"03-7QK4-M0NL-PXYZ-8ABC",
		"03-7QK4-M0Ni-PXYZ-8ABC",
		"０３－７ＱＫ４－Ｍ０Ｎ１－ＰＸＹＺ－８ＡＢＣ",
		"０３ー７ｑｋ４ーｍｏｎｌーｐｘｙｚー８ａｂｃ",
		"03\u00a07QK4\u200bM0N1\u3000PXYZ\ufeff8ABC",
	} {
		if got, ok := parseCode(answer); !ok || got != want {
			t.Errorf("%q is read as %v, %v", answer, got, ok)
		}
	}
	for _, answer := range []string{
		"", "03", "7QK4-M0N1-PXYZ-8ABC",
		"3-7QK4-M0N1-PXYZ-8ABC",
		"00-7QK4-M0N1-PXYZ-8ABC",
		"11-7QK4-M0N1-PXYZ-8ABC",
		"A3-7QK4-M0N1-PXYZ-8ABC",
		"03-7QK4-M0N1-PXYZ-8AB",
		"03-7QK4-M0N1-PXYZ-8ABCD",
		"03-7QK4-M0N1-PXYZ-8ABU", // U is not in the alphabet
		"03-7QK4-M0N1-PXYZ-8AB*",
		"03.7QK4.M0N1.PXYZ.8ABC",
		"03-7QK4-M0Nı-PXYZ-8ABC",      // dotless i upper-cases to I
		"03-7QK4-M0Nſ-PXYZ-8ABC",      // long s upper-cases to S
		"03-7QK4-M0N1-PXYZ-8ABС",      // Cyrillic Es
		"03-7Q\u212a4-M0N1-PXYZ-8ABC", // kelvin sign lower-cases to k
		"٠٣-7QK4-M0N1-PXYZ-8ABC",
		"03-7QK4-M0N1-PXYZ-8ABC 04-7QK4-M0N1-PXYZ-8ABC",
		strings.Repeat(" ", 2000) + "03-7QK4-M0N1-PXYZ-8ABC",
	} {
		if got, ok := parseCode(answer); ok {
			t.Errorf("%q is read as %v", answer, got)
		}
	}
}

func TestPrinted(t *testing.T) {
	c := backupCode{10, "7QK4M0N1PXYZ8ABC"}
	if c.printed() != "10-7QK4-M0N1-PXYZ-8ABC" {
		t.Error(c.printed())
	}
	if c.input().Reveal() != "107QK4M0N1PXYZ8ABC" {
		t.Error(c.input().Reveal())
	}
}

// All 80 bits reach the paper.
func TestDrawCode(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": "0000000000000000",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": "ZZZZZZZZZZZZZZZZ",
		"\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf": "0123456789ABCDEF",
		"\x84\x65\x3a\x56\xd7\xc6\x75\xbe\x77\xdf": "GHJKMNPQRSTVWXYZ",
	} {
		c, err := drawCode(1, strings.NewReader(in))
		if err != nil || c.random != want {
			t.Errorf("%x is printed as %s, %v", in, c.random, err)
		}
	}
}
