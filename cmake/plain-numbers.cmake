# C's numbers in a generated file as JavaScript writes them: 64u is 64, which a bundler can put where it is used.
# cmake -DFILE=<path> -P plain-numbers.cmake
file(READ ${FILE} text)
string(REGEX REPLACE "([^A-Za-z0-9_])([0-9][0-9xA-Fa-f]*)u" "\\1\\2" text "${text}")
file(WRITE ${FILE} "${text}")
