@echo off
rem Sets the program up in this folder, without a network.
setlocal
cd /d "%~dp0"
set PYTHONUTF8=1
chcp 65001 >nul
for /f "tokens=4 delims=:{}, " %%v in (bundle.json) do set WANTED=%%~v
if not "%PYTHON%"=="" (
    "%PYTHON%" install.py
) else (
    py -%WANTED% install.py
)
set CODE=%ERRORLEVEL%
if not "%CODE%"=="0" echo Python %WANTED% is needed: "py -%WANTED% --version" must answer.
if "%1"=="" pause
exit /b %CODE%
