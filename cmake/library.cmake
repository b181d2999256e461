# The C library, for programs in C: libclasp.so and libclasp.a, its headers under include/clasp/, clasp.pc for
# pkg-config, and find_package(clasp). All of it is what `cmake --install` installs.
#
# Both libraries are made of one object, in which every symbol is local that no public header declares: those of the
# rooms among themselves, and those of cJSON, so that a program may have a cJSON of its own.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(CLASP_PUBLIC_HEADERS
  base/bytes.h base/error.h base/limits.h base/outbox.h base/text.h
  wire/fields.h wire/frame.h wire/legacy.h wire/message.h wire/value.h
  route/address.h route/routes.h
  chunk/crc32c.h chunk/piece.h chunk/reassemble.h chunk/scheduler.h chunk/split.h chunk/video.h
  json/value_json.h
  session/session.h session/client.h peer/conference.h hub/hub.h hub/rendezvous.h)
set(CLASP_PARTIAL_HEADERS chunk/parts.h) # the public ones hold its structures; its functions stay inside

# ---- headers -----------------------------------------------------------------------------------------------------
# Inside the repository a header includes "wire/value.h", installed <clasp/wire/value.h>: so a program needs no folder
# beside the usual one, and its own "base/…" is never taken for ours.
foreach(header IN LISTS CLASP_PUBLIC_HEADERS CLASP_PARTIAL_HEADERS)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${header})
  file(READ src/${header} text)
  string(REGEX REPLACE "#include \"([^\"]+)\"" "#include <clasp/\\1>" text "${text}")
  file(WRITE ${PROJECT_BINARY_DIR}/include/clasp/${header} "${text}")
  get_filename_component(room ${header} DIRECTORY)
  install(FILES ${PROJECT_BINARY_DIR}/include/clasp/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/clasp/${room})
endforeach()

# ---- symbols: the functions that public headers declare ----------------------------------------------------------
set(CLASP_SYMBOLS ${PROJECT_BINARY_DIR}/clasp.symbols)
set(symbols "")
foreach(header IN LISTS CLASP_PUBLIC_HEADERS)
  file(STRINGS src/${header} declarations REGEX "^[a-z].*[ *]clasp_[a-z0-9_]+\\(")
  foreach(declaration IN LISTS declarations)
    if(NOT declaration MATCHES "^static " AND declaration MATCHES "[ *](clasp_[a-z0-9_]+)\\(")
      string(APPEND symbols "${CMAKE_MATCH_1}\n")
    endif()
  endforeach()
endforeach()
file(CONFIGURE OUTPUT ${CLASP_SYMBOLS} CONTENT "${symbols}" @ONLY) # written anew only when it differs

# ---- the libraries -----------------------------------------------------------------------------------------------
foreach(part IN ITEMS cjson clasp_core clasp_hub)
  set_target_properties(${part} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${part} PRIVATE
    -fno-semantic-interposition          # nobody replaces our functions: they may be inlined all the same
    -ffunction-sections -fdata-sections) # so that a static program can leave out what it does not use
endforeach()
set(object ${PROJECT_BINARY_DIR}/clasp.o)
add_custom_command(OUTPUT ${object} VERBATIM
  COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${object}
    -Wl,--whole-archive $<TARGET_FILE:clasp_core> $<TARGET_FILE:clasp_hub> -Wl,--no-whole-archive
  COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${CLASP_SYMBOLS} ${object}
  DEPENDS clasp_core clasp_hub ${CLASP_SYMBOLS})
add_custom_target(clasp_object DEPENDS ${object}) # made once for both
set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

foreach(kind IN ITEMS SHARED STATIC)
  string(TOLOWER clasp_${kind} target)
  add_library(${target} ${kind} ${object})
  add_dependencies(${target} clasp_object)
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE C
    OUTPUT_NAME clasp
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}) # before 1.0 every minor version may break
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
target_link_libraries(clasp_shared PRIVATE m)
target_link_libraries(clasp_static INTERFACE m)
set_target_properties(clasp_shared PROPERTIES EXPORT_NAME clasp)
add_custom_target(clasp_library DEPENDS clasp_shared clasp_static)

# ---- what is installed -------------------------------------------------------------------------------------------
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/clasp)
install(TARGETS clasp_shared clasp_static EXPORT clasp)
install(EXPORT clasp NAMESPACE clasp:: FILE clasp-config.cmake DESTINATION ${package_dir})
write_basic_package_version_file(clasp-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/clasp-config-version.cmake DESTINATION ${package_dir})

# clasp.pc finds its prefix from where it lies: `cmake --install --prefix` may name any.
string(REGEX REPLACE "[^/]+" ".." CLASP_PC_TO_PREFIX ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(cmake/clasp.pc.in clasp.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/clasp.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(CMAKE_INSTALL_DOCDIR ${CMAKE_INSTALL_DATAROOTDIR}/doc/clasp)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${cjson_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.cJSON) # it is inside
