# What cmake --install brings for other projects: see gatherConfig.cmake.in.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(GATHER_INSTALL_INCLUDE ${CMAKE_INSTALL_INCLUDEDIR}/gather)
set(GATHER_INSTALL_CMAKE ${CMAKE_INSTALL_LIBDIR}/cmake/gather)
set(GATHER_INSTALL_PROTO ${CMAKE_INSTALL_DATADIR}/gather/proto)

# gather_install_library(NAME): as gather::NAME, less a gather_ before it.
function(gather_install_library name)
  string(REGEX REPLACE "^gather_" "" exported ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${exported})
  target_include_directories(${name}
    PUBLIC $<INSTALL_INTERFACE:${GATHER_INSTALL_INCLUDE}>)
  install(TARGETS ${name} EXPORT gatherTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# gather_library(NAME FILE...): a library of ours, whose headers stand beside
# its sources, for this project and others.
function(gather_library name)
  add_library(${name} STATIC ${ARGN})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_include_directories(${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:gather_options>)
  gather_install_library(${name})
endfunction()

# Once all libraries are there.
function(gather_install_package)
  foreach(room IN ITEMS async json rpc fanout ops host)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/server/${room}
      DESTINATION ${GATHER_INSTALL_INCLUDE}/server
      FILES_MATCHING PATTERN "*.h")
  endforeach()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/client
    DESTINATION ${GATHER_INSTALL_INCLUDE}
    FILES_MATCHING PATTERN "*.h"
    PATTERN tour EXCLUDE)
  install(EXPORT gatherTargets NAMESPACE gather::
    DESTINATION ${GATHER_INSTALL_CMAKE})
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/server/gatherConfig.cmake.in
    ${PROJECT_BINARY_DIR}/gatherConfig.cmake
    INSTALL_DESTINATION ${GATHER_INSTALL_CMAKE}
    PATH_VARS GATHER_INSTALL_PROTO)
  write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/gatherConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES
    ${PROJECT_BINARY_DIR}/gatherConfig.cmake
    ${PROJECT_BINARY_DIR}/gatherConfigVersion.cmake
    DESTINATION ${GATHER_INSTALL_CMAKE})
endfunction()
